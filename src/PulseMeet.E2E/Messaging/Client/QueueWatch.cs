using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>Measures a queue of the store: how much waits, and since when its oldest item has been seen waiting.</summary>
/// <remarks>Not thread-safe: for whoever has the queue's turn. Reads nothing where nobody listens.</remarks>
internal sealed class QueueWatch(ClientCore core, byte table, string name)
{
    /// <summary>More are counted as so many.</summary>
    private const int MaxCounted = 1000;

    private byte[]? _oldest;
    private DateTimeOffset _since;

    public async Task LookAsync(CancellationToken cancellationToken)
    {
        if (!Telemetry.WatchesQueues)
        {
            return;
        }

        OpenedRecord[] waiting = [.. (await core.Store.ScanAsync(table, default, default, MaxCounted, cancellationToken).ConfigureAwait(false))
            .Where(record => !core.Leftovers.Contains(table, record.Key.Span))];
        DateTimeOffset now = core.Time.GetUtcNow();
        byte[]? oldest = waiting is [OpenedRecord first, ..] ? first.Key.ToArray() : null;
        if (oldest is null || _oldest is null || !PublicBytes.Equal(oldest, _oldest) || now < _since)
        {
            _oldest = oldest;
            _since = now;
        }

        Telemetry.QueueSeen(name, waiting.Length, now - _since);
    }
}
