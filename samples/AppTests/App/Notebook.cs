using PulseMeet.E2E;

namespace AppTests.App;

/// <summary>The app's own database: what was said, each message once, and what is missing. It outlives the process.</summary>
public sealed class Notebook
{
    private readonly HashSet<MessageId> _ids = [];
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines => _lines;

    /// <summary>Whether the user was told that something is on its way or lost.</summary>
    public bool HasGap { get; private set; }

    public void Note(MessageReceived message)
    {
        if (message.Content is TextContent text && _ids.Add(message.Id))
        {
            _lines.Add($"{message.Sender.UserId}: {text.Value}");
        }
    }

    public void Note(MessagesMissing _) => HasGap = true;
}
