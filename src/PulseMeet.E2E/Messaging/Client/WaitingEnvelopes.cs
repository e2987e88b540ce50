using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>How many envelopes wait in the outbox for each device: one whose mailbox is full, or a relay that is gone for weeks, lets no store
/// grow without end, and holds up nobody else.</summary>
/// <remarks>Counted in memory; read from the store once. Thread-safe.</remarks>
internal sealed class WaitingEnvelopes(SealedStore store, Gates gates)
{
    /// <summary>The most that wait for one device for a further message to be sealed for it.</summary>
    public const int MaxForMessages = 1000;

    /// <summary>The most that wait for one device: what devices say to each other has room beyond the app's messages.</summary>
    public const int Max = 1250;

    private const int Page = 500;

    private readonly Lock _lock = new();
    private readonly Dictionary<long, DeviceAddress> _envelopes = [];
    private readonly Dictionary<DeviceAddress, int> _counts = [];
    private readonly HashSet<DeviceAddress> _full = [];
    private volatile bool _isRead;

    /// <summary>Whether another one may wait for a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="more">How many are about to be added.</param>
    /// <param name="isMessage">Whether it is the app's.</param>
    public bool IsRoomFor(DeviceAddress device, int more, bool isMessage)
    {
        lock (_lock)
        {
            return _counts.GetValueOrDefault(device) + more < (isMessage ? MaxForMessages : Max);
        }
    }

    /// <summary>Whether the relay has said last that a device's mailbox is full: what it asks for would pile up here.</summary>
    public bool IsFull(DeviceAddress device)
    {
        lock (_lock)
        {
            return _full.Contains(device);
        }
    }

    public void SetFull(DeviceAddress device, bool isFull)
    {
        lock (_lock)
        {
            _ = isFull ? _full.Add(device) : _full.Remove(device);
        }
    }

    /// <summary>Reads what waits since before the client was opened. Before the first unit of work.</summary>
    public async Task EnsureReadAsync(CancellationToken cancellationToken)
    {
        if (_isRead)
        {
            return;
        }

        using IDisposable turn = await gates.EnterAsync([Gates.Waiting], cancellationToken).ConfigureAwait(false);
        try
        {
            await ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (E2EException exception) when (exception.Reason is not (E2EError.StoreFailed or E2EError.StoreInUse))
        {
            // What is damaged there is told by whoever delivers; nothing else depends on the count.
        }

        _isRead = true;
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        byte[] after = [];
        while (!_isRead && await store.ScanAsync(RecordKey.Outbox, after, default, Page, cancellationToken).ConfigureAwait(false) is { Count: > 0 } page)
        {
            foreach (OpenedRecord record in page)
            {
                Add(RecordKey.ToNumber(record.Key.Span), OutboxRecord.Decode(record.Value).Recipient);
            }

            after = page[^1].Key.ToArray();
        }
    }

    /// <param name="number">The number under which the envelope waits.</param>
    /// <param name="device">Whom it is for.</param>
    public void Add(long number, DeviceAddress device)
    {
        lock (_lock)
        {
            if (_envelopes.TryAdd(number, device))
            {
                _counts[device] = _counts.GetValueOrDefault(device) + 1;
            }
        }
    }

    public void Remove(long number)
    {
        lock (_lock)
        {
            if (_envelopes.Remove(number, out DeviceAddress? device) && --_counts[device] == 0)
            {
                _counts.Remove(device);
                _full.Remove(device);
            }
        }
    }
}
