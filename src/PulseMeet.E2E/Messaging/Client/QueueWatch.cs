using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>Measures a queue of the store: how much waits, and since when its oldest item has been seen waiting.</summary>
/// <remarks>Not thread-safe: for whoever has the queue's turn. Reads nothing where nobody listens.</remarks>
internal sealed class QueueWatch(ClientCore core, string name, params byte[] tables) : IDisposable
{
    /// <summary>More are counted as so many.</summary>
    private const int MaxCounted = 1000;

    private byte[]? _oldest;
    private DateTimeOffset _since;

    /// <summary>The client ends, and nothing of its waits.</summary>
    public void Dispose() => Telemetry.QueueEnded(this);

    public async Task LookAsync(CancellationToken cancellationToken)
    {
        if (!Telemetry.WatchesQueues)
        {
            return;
        }

        int count = 0;
        byte[]? oldest = null;
        foreach (byte table in tables)
        {
            IReadOnlyList<ReadOnlyMemory<byte>> waiting = await core.Store.ScanKeysAsync(
                table, default, default, MaxCounted, key => !core.Leftovers.Contains(table, key.Span), cancellationToken).ConfigureAwait(false);
            oldest ??= waiting.Count > 0 ? StoreName.Of(table, waiting[0].Span) : null;
            count += waiting.Count;
        }

        DateTimeOffset now = core.Time.GetUtcNow();
        if (oldest is null || _oldest is null || !PublicBytes.Equal(oldest, _oldest) || now < _since)
        {
            _oldest = oldest;
            _since = now;
        }

        Telemetry.QueueSeen(this, new QueueReading(name, Math.Min(count, MaxCounted), _since, core.Time));
    }
}
