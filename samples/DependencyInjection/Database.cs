using System.Threading.Channels;
using PulseMeet.E2E;

namespace DependencyInjection;

/// <summary>The app's own database, as far as it goes here: the messages of one account, each once. It outlives the host.</summary>
internal sealed class Database
{
    private readonly Channel<string> _kept = Channel.CreateUnbounded<string>();
    private readonly HashSet<MessageId> _ids = [];

    /// <summary>Keeps a message. One that comes again, since the host was stopped before it was acknowledged, changes nothing.</summary>
    public void Keep(MessageReceived message)
    {
        if (_ids.Add(message.Id) && message.Content is TextContent text)
        {
            _kept.Writer.TryWrite($"{message.Sender.UserId}: {text.Value}");
        }
    }

    /// <summary>The next message that was kept.</summary>
    public ValueTask<string> NextAsync(CancellationToken cancellationToken) => _kept.Reader.ReadAsync(cancellationToken);

    /// <summary>Whether something was kept that nobody has taken.</summary>
    public bool HasMore => _kept.Reader.TryPeek(out _);
}
