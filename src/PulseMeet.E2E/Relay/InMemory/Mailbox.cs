using PulseMeet.E2E.Identity;

namespace PulseMeet.E2E.Relay;

/// <summary>One device's mailbox in <see cref="InMemoryRelay"/>: docs/protocol-relay.md, "Mailboxes".</summary>
internal sealed class Mailbox
{
    private readonly SortedDictionary<long, MailboxItem> _items = [];
    private readonly Dictionary<string, (int Items, long Bytes)> _shares = [];
    private readonly HashSet<(DeviceAddress Sender, BytesKey Id)> _seen = [];
    private readonly Queue<((DeviceAddress Sender, BytesKey Id) Key, DateTimeOffset ArrivedAt)> _seenSince = new();
    private readonly List<TaskCompletionSource<MailboxItem?>> _waiting = [];
    private long _bytes;

    /// <summary>Puts an envelope or a Welcome, once for each sending device and id.</summary>
    public DeliveryOutcome PutOnce(MailboxItem item)
    {
        Expire(item.ArrivedAt);
        var key = (item.Sender, new BytesKey(item.EnvelopeId));
        if (_seen.Contains(key))
        {
            return DeliveryOutcome.Accepted;
        }

        DeliveryOutcome outcome = Put(item);
        if (outcome == DeliveryOutcome.Accepted)
        {
            _seen.Add(key);
            _seenSince.Enqueue((key, item.ArrivedAt));
        }

        return outcome;
    }

    /// <summary>Puts an item, where there is room for it and for its sender.</summary>
    public DeliveryOutcome Put(MailboxItem item)
    {
        Expire(item.ArrivedAt);
        (int items, long bytes) = _shares.GetValueOrDefault(item.Sender.UserId);
        int size = item.Content.Length;
        if (_items.Count >= RelayLimits.MaxMailboxItems
            || _bytes + size > RelayLimits.MaxMailboxBytes
            || items + 1 > RelayLimits.MaxMailboxItems * RelayLimits.MaxSenderShare
            || bytes + size > RelayLimits.MaxMailboxBytes * RelayLimits.MaxSenderShare)
        {
            return DeliveryOutcome.MailboxFull;
        }

        _items.Add(item.Id, item);
        Count(item, 1);
        Wake();
        return DeliveryOutcome.Accepted;
    }

    /// <summary>The oldest that are wanted, within the bounds of one answer.</summary>
    public List<MailboxItem> Take(MailboxRequest request, DateTimeOffset now)
    {
        Expire(now);
        HashSet<long> except = [.. request.ExceptIds];
        List<MailboxItem> taken = [];
        long bytes = 0;
        foreach (MailboxItem item in _items.Values.Where(item => !except.Contains(item.Id) && !IsPast(item.ArrivedAt, now)))
        {
            bytes += item.Content.Length;
            if (taken.Count == request.Max || (taken.Count > 0 && bytes > RelayLimits.MaxRequestSize))
            {
                break;
            }

            taken.Add(item);
        }

        return taken;
    }

    public void Acknowledge(long id)
    {
        if (_items.Remove(id, out MailboxItem? item))
        {
            Count(item, -1);
        }
    }

    /// <summary>Drops what is past its age. Arrivals rise but where the clock was set back: what is then out of order is
    /// given to nobody and goes later.</summary>
    public void Expire(DateTimeOffset now)
    {
        while (_items.Count > 0 && _items.First().Value is { } oldest && IsPast(oldest.ArrivedAt, now))
        {
            Acknowledge(oldest.Id);
        }

        while (_seenSince.TryPeek(out var seen) && IsPast(seen.ArrivedAt, now))
        {
            _seen.Remove(_seenSince.Dequeue().Key);
        }
    }

    /// <summary>A call that waits from now on; <see cref="StopWaiting"/> ends it.</summary>
    public TaskCompletionSource<MailboxItem?> Wait()
    {
        var waiter = new TaskCompletionSource<MailboxItem?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Add(waiter);
        return waiter;
    }

    public void StopWaiting(TaskCompletionSource<MailboxItem?> waiter) => _waiting.Remove(waiter);

    /// <summary>Ends all waiting: with a signal, or to look again.</summary>
    public void Wake(MailboxItem? signal = null)
    {
        foreach (TaskCompletionSource<MailboxItem?> waiter in _waiting)
        {
            waiter.TrySetResult(signal);
        }

        _waiting.Clear();
    }

    private static bool IsPast(DateTimeOffset arrivedAt, DateTimeOffset now) => now - arrivedAt >= RelayLimits.MaxEnvelopeAge;

    private void Count(MailboxItem item, int sign)
    {
        int size = item.Content.Length;
        (int items, long bytes) = _shares.GetValueOrDefault(item.Sender.UserId);
        _bytes += sign * size;
        if (items + sign == 0)
        {
            _shares.Remove(item.Sender.UserId);
        }
        else
        {
            _shares[item.Sender.UserId] = (items + sign, bytes + (sign * size));
        }
    }
}
