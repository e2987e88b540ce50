using System.Threading.Channels;
using PulseMeet.E2E;

namespace Guide;

/// <summary>What the user of a device sees, and answers.</summary>
internal sealed class Screen
{
    private readonly Channel<E2EEvent> _shown = Channel.CreateUnbounded<E2EEvent>();
    private readonly HashSet<MessageId> _kept = [];

    /// <summary>Keeps a message and shows it; the same one again changes nothing.</summary>
    public Task KeepAsync(MessageReceived message) => _kept.Add(message.Id) ? ShowAsync(message) : Task.CompletedTask;

    public Task ShowAsync(E2EEvent e) => _shown.Writer.WriteAsync(e).AsTask();

    public async Task<bool> AskAsync(MessageRequested request)
    {
        await ShowAsync(request);
        return true;
    }

    /// <summary>The next thing of a kind that was shown.</summary>
    public async Task<T> NextAsync<T>(CancellationToken cancellationToken)
        where T : E2EEvent
    {
        while (true)
        {
            if (await _shown.Reader.ReadAsync(cancellationToken) is T wanted)
            {
                return wanted;
            }
        }
    }
}
