using System.Diagnostics.CodeAnalysis;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Relay;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>Items that are left at the relay until the clocks agree: their sender's certificate or device list is of a clock that is ahead of this one,
/// or this one is behind.</summary>
/// <remarks>They are not acknowledged, and looked at again after a while, after every start, and when this clock was moved. Bounded, in all and for each user:
/// they fill the mailbox, and each is fetched again. What the relay does not bring any more gives its place away; where all are there, an account that was
/// accepted goes before one that was not, and one that has little before one that has much. For whoever has the mailbox's turn.</remarks>
internal sealed class EarlyItems(TimeProvider time)
{
    /// <summary>The most items that are left.</summary>
    public const int Max = 256;

    /// <summary>The most of one user's.</summary>
    public const int MaxPerUser = 32;

    /// <summary>The most bytes of their contents: a sixteenth of what a mailbox holds.</summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    /// <summary>The most of one user's.</summary>
    public const int MaxBytesPerUser = 512 * 1024;

    /// <summary>How long the relay is not asked for one again; then twice as long each time.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan s_longestPause = TimeSpan.FromHours(1);

    /// <summary>The most items that are remembered as told, those of earlier runs among them.</summary>
    private const int MaxTold = 2 * Max;

    private readonly HashSet<long> _refused = [];
    private Dictionary<long, Item> _left = [];
    private SortedSet<long> _told = [];
    private bool _isLoaded;

    /// <summary>Those that are not asked for now. A clock that was moved lets all be asked for.</summary>
    public long[] Waiting => [.. _left.Values.Where(item => !IsDue(item)).Select(item => item.Id)];

    /// <summary>Whether an item is left.</summary>
    public bool Has(long id) => _left.ContainsKey(id);

    /// <summary>Whether an item that was left has lost its place in this unit of work: it was refused with that.</summary>
    public bool IsRefused(long id) => _refused.Contains(id);

    /// <summary>Reads which items the app was told of in earlier runs.</summary>
    public async Task LoadAsync(SealedStore store, CancellationToken cancellationToken)
    {
        if (!_isLoaded)
        {
            _told = [.. (await store.ScanKeysAsync(RecordKey.Early, default, default, MaxTold, null, cancellationToken).ConfigureAwait(false))
                .Select(key => RecordKey.ToNumber(key.Span))];
            _isLoaded = true;
        }
    }

    /// <summary>What is left so far, for a unit of work that may not come about.</summary>
    public Before Begin()
    {
        _refused.Clear();
        return new Before([.. _left.Values], [.. _told]);
    }

    /// <summary>The unit of work has not come about.</summary>
    public void Restore(Before before)
    {
        _refused.Clear();
        _left = before.Left.ToDictionary(item => item.Id);
        _told = [.. before.Told];
    }

    /// <summary>Whether the app is to be told of an item that is left: it was not told yet, and is now.</summary>
    public bool TryTell(Work work, long id)
    {
        if (!_told.Add(id))
        {
            return false;
        }

        work.Put(RecordKey.Early, RecordKey.Of(id), []);
        if (_told.Count > MaxTold)
        {
            Forget(work, _told.First(other => !_left.ContainsKey(other)));
        }

        return true;
    }

    /// <summary>An item is not left any more.</summary>
    public void Forget(Work work, long id)
    {
        if (_told.Remove(id))
        {
            work.Delete(RecordKey.Early, RecordKey.Of(id));
        }
    }

    /// <summary>Takes note of which items the relay has brought of those that it was asked for. It need not have the others any more: it keeps nothing for
    /// ever, and may lie.</summary>
    /// <param name="except">Those that it was not asked for.</param>
    /// <param name="brought">What it has brought.</param>
    public void Answered(IReadOnlyCollection<long> except, IEnumerable<MailboxItem> brought)
    {
        HashSet<long> there = [.. except, .. brought.Select(item => item.Id)];
        foreach (Item item in _left.Values.Where(item => !there.Contains(item.Id)).ToArray())
        {
            _left[item.Id] = item with { IsLacking = true };
        }
    }

    /// <summary>Whether an item is one that is left, under another number of the relay's: it keeps an envelope once.</summary>
    public bool IsCopy(MailboxItem item) => _left.Values.Any(
        left => left.Id != item.Id && left.Sender == item.Sender && PublicBytes.Equal(left.Envelope.Span, item.EnvelopeId.Span));

    /// <summary>Leaves an item at the relay.</summary>
    /// <param name="item">The item.</param>
    /// <param name="isAccepted">Whether its sender, as the relay says, was accepted.</param>
    /// <param name="before">What was left of it before; null for nothing.</param>
    /// <param name="refused">Those that have to be refused for it.</param>
    /// <returns>Whether there was room.</returns>
    public bool TryLeave(MailboxItem item, bool isAccepted, Item? before, out IReadOnlyList<Item> refused)
    {
        TimeSpan pause = before is null || IsMoved(before) ? s_pause : before.Pause * 2;
        var next = new Item(
            item.Id,
            item.Sender,
            item.EnvelopeId,
            isAccepted,
            item.Content.Length,
            time.GetUtcNow(),
            time.GetTimestamp(),
            pause < s_longestPause ? pause : s_longestPause);
        var given = new List<Item>();
        refused = given;
        while (IsOver(_left.Values.Where(other => other.UserId == next.UserId), next, MaxPerUser, MaxBytesPerUser))
        {
            if (!TryForget(other => other.UserId == next.UserId))
            {
                return false;
            }
        }

        while (IsOver(_left.Values, next, Max, MaxBytes))
        {
            if (TryForget(_ => true))
            {
                continue;
            }

            if (!TryGiveWay(next, out Item? way))
            {
                return false;
            }

            given.Add(way);
        }

        _left.Add(next.Id, next);
        return true;
    }

    /// <summary>Notes that an item is looked at again: it is left once more, or not.</summary>
    /// <returns>What was left of it; null for nothing.</returns>
    public Item? Take(long id) => _left.Remove(id, out Item? item) ? item : null;

    private static bool IsOver(IEnumerable<Item> left, Item next, int most, int mostBytes)
    {
        (int count, long bytes) = left.Append(next).Aggregate((Count: 0, Bytes: 0L), (sum, item) => (sum.Count + 1, sum.Bytes + item.Size));
        return count > most || bytes > mostBytes;
    }

    /// <summary>Forgets an item that the relay has not brought. Nothing is lost: if it brings it all the same, it is new.</summary>
    private bool TryForget(Func<Item, bool> isTheirs)
    {
        Item? lacking = _left.Values.Where(item => item.IsLacking && isTheirs(item)).MinBy(item => item.At);
        return lacking is not null && _left.Remove(lacking.Id);
    }

    /// <summary>The last of the account that has most, of those that were not accepted first; where that is the next one's own, none.</summary>
    private bool TryGiveWay(Item next, [NotNullWhen(true)] out Item? way)
    {
        way = _left.Values.Append(next)
            .GroupBy(item => item.UserId, StringComparer.Ordinal)
            .OrderBy(account => account.Any(item => item.IsAccepted))
            .ThenByDescending(account => Math.Max(account.Count() / (double)MaxPerUser, account.Sum(item => item.Size) / (double)MaxBytesPerUser))
            .First()
            .Last();
        if (way.UserId == next.UserId)
        {
            way = null;
            return false;
        }

        _refused.Add(way.Id);
        return _left.Remove(way.Id);
    }

    private bool IsDue(Item item) => IsMoved(item) || (time.GetUtcNow() - item.At).Duration() >= item.Pause;

    /// <summary>Whether this clock was set, or stood still, since.</summary>
    private bool IsMoved(Item item) => (time.GetUtcNow() - item.At - time.GetElapsedTime(item.Timestamp)).Duration() >= s_pause;

    /// <summary>What was left before a unit of work, and what the app had been told of.</summary>
    internal sealed record Before(IReadOnlyList<Item> Left, IReadOnlyList<long> Told);

    /// <summary>An item that is left.</summary>
    /// <param name="Id">The relay's id.</param>
    /// <param name="Sender">Whose it is, as the relay says.</param>
    /// <param name="Envelope">The envelope's id, as the relay gives it.</param>
    /// <param name="IsAccepted">Whether that user was accepted.</param>
    /// <param name="Size">Its content's bytes.</param>
    /// <param name="At">When it was looked at last.</param>
    /// <param name="Timestamp">The same, by the clock that nobody sets.</param>
    /// <param name="Pause">How long it is not asked for.</param>
    internal sealed record Item(
        long Id, DeviceAddress Sender, ReadOnlyMemory<byte> Envelope, bool IsAccepted, int Size, DateTimeOffset At, long Timestamp, TimeSpan Pause)
    {
        public string UserId => Sender.UserId;

        /// <summary>Whether the relay was asked for it and has not brought it.</summary>
        public bool IsLacking { get; init; }
    }
}
