using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Storage;

/// <summary>A device's records, sealed into a store that sees ciphertext only, and checked when they come back.</summary>
/// <remarks>
/// docs/protocol-storage.md. Nothing but the wrapped key and the head is read on opening; the tree over the records comes as it
/// is needed. A batch costs work that grows with the logarithm of the records. Batches that wait are written together. What is
/// read is never older than the last batch that was answered. Thread-safe; one object per lease.
/// </remarks>
internal sealed partial class SealedStore : IAsyncDisposable
{
    /// <summary>How often a reader that was overtaken by writers tries again by itself.</summary>
    private const int MaxOvertaken = 4;

    private readonly IE2EStore _store;
    private readonly StoreLease _lease;
    private readonly StoreKeys _keys;
    private readonly TreeReader _reader;
    private readonly CommitQueue _queue;
    private readonly RecentRecords _recent = new();

    /// <summary>The turn to write. It is held over the store's I/O, and no lock is.</summary>
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Null where the store has to be asked: after a write that failed.</summary>
    private volatile StoreView? _view;

    /// <summary>The head that was last known to be in the store, and that of a write of which nobody knows yet whether it is. For whoever
    /// has the turn.</summary>
    private StoreHead _known;
    private StoreHead? _attempted;

    /// <summary>The revision of the last write that failed, until something was written behind it; 0 for none. For whoever has the turn.</summary>
    private long _failed;

    /// <summary>Whether the store has said that somebody else has it: a lease may be told later.</summary>
    private volatile bool _isTaken;

    private long _revision;
    private volatile bool _closed;

    private SealedStore(IE2EStore store, StoreLease lease, StoreKeys keys, StoreView view)
    {
        _store = store;
        _lease = lease;
        _keys = keys;
        _reader = new TreeReader(store, keys);
        _queue = new CommitQueue(WriteAsync);
        _view = view;
        _known = view.Head;
        _revision = view.Head.Revision;
    }

    /// <summary>The revision of the last batch that is known to be in the store. A copy of the store from before has a lower one.</summary>
    public long Revision => Interlocked.Read(ref _revision);

    /// <summary>Cancelled when somebody else has the store, or nobody.</summary>
    public CancellationToken Lost => _lease.Lost;

    /// <summary>Which write of a record is in the store: its salt; null where there is no record.</summary>
    /// <exception cref="E2EException">As for <see cref="ReadAsync(byte, ReadOnlyMemory{byte}, bool, CancellationToken)"/>.</exception>
    public async ValueTask<byte[]?> FindAsync(byte table, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        byte[] name = StoreName.Of(table, key.Span);
        byte[]? salt = null;
        await ReadingAsync(
            async view =>
            {
                (bool readable, TreeEntry? entry) =
                    await _reader.FindAsync(view.Root, view.Head.Levels, name, cancellationToken).ConfigureAwait(false);
                salt = entry?.Salt;
                return readable;
            },
            cancellationToken).ConfigureAwait(false);
        return salt;
    }

    /// <summary>Reads one record; null where there is none.</summary>
    /// <param name="table">The table.</param>
    /// <param name="key">1 to 255 bytes.</param>
    /// <param name="isKept">Whether it may stay in memory for whoever reads it next.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="ArgumentException">The key is not 1 to 255 bytes.</exception>
    /// <exception cref="E2EException">The store was changed (<see cref="E2EError.StoreDamaged"/>), cannot be read
    /// (<see cref="E2EError.StoreFailed"/>), or somebody else has it (<see cref="E2EError.StoreInUse"/>).</exception>
    public async ValueTask<OpenedRecord?> ReadAsync(
        byte table, ReadOnlyMemory<byte> key, bool isKept, CancellationToken cancellationToken = default)
    {
        byte[] name = StoreName.Of(table, key.Span);
        List<OpenedRecord> found = [];
        await ReadingAsync(
            async view =>
            {
                (bool readable, TreeEntry? entry) =
                    await _reader.FindAsync(view.Root, view.Head.Levels, name, cancellationToken).ConfigureAwait(false);
                return readable && (entry is null || await OpenAsync(entry, found, isKept, cancellationToken).ConfigureAwait(false));
            },
            cancellationToken).ConfigureAwait(false);
        return found.Count == 0 ? null : found[0];
    }

    /// <inheritdoc cref="ReadAsync(byte, ReadOnlyMemory{byte}, bool, CancellationToken)"/>
    public ValueTask<OpenedRecord?> ReadAsync(byte table, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        ReadAsync(table, key, isKept: true, cancellationToken);

    /// <summary>Reads records of one revision in the order of their keys.</summary>
    /// <param name="table">The table.</param>
    /// <param name="after">Only keys above this one; empty for all.</param>
    /// <param name="prefix">Only keys that begin so; empty for all.</param>
    /// <param name="max">The most records; at least 1.</param>
    /// <param name="isWanted">Which keys count; null for all. The others' records are not opened.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    /// <exception cref="E2EException">As for <see cref="ReadAsync(byte, ReadOnlyMemory{byte}, bool, CancellationToken)"/>.</exception>
    public async ValueTask<IReadOnlyList<OpenedRecord>> ScanAsync(
        byte table,
        ReadOnlyMemory<byte> after,
        ReadOnlyMemory<byte> prefix,
        int max,
        Predicate<ReadOnlyMemory<byte>>? isWanted,
        CancellationToken cancellationToken = default)
    {
        List<OpenedRecord> found = [];
        await CollectingAsync(
            table,
            after,
            prefix,
            max,
            isWanted,
            async entries =>
            {
                found.Clear();
                bool readable = true;
                foreach (TreeEntry entry in entries)
                {
                    readable = readable && await OpenAsync(entry, found, isKept: false, cancellationToken).ConfigureAwait(false);
                }

                return readable;
            },
            cancellationToken).ConfigureAwait(false);
        return found;
    }

    /// <inheritdoc cref="ScanAsync(byte, ReadOnlyMemory{byte}, ReadOnlyMemory{byte}, int, Predicate{ReadOnlyMemory{byte}}?, CancellationToken)"/>
    public ValueTask<IReadOnlyList<OpenedRecord>> ScanAsync(
        byte table, ReadOnlyMemory<byte> after, ReadOnlyMemory<byte> prefix, int max, CancellationToken cancellationToken = default) =>
        ScanAsync(table, after, prefix, max, isWanted: null, cancellationToken);

    /// <summary>Gives the keys of one revision's records in their order: the tree has them, and no record is opened.</summary>
    /// <inheritdoc cref="ScanAsync(byte, ReadOnlyMemory{byte}, ReadOnlyMemory{byte}, int, Predicate{ReadOnlyMemory{byte}}?, CancellationToken)"/>
    public async ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>> ScanKeysAsync(
        byte table,
        ReadOnlyMemory<byte> after,
        ReadOnlyMemory<byte> prefix,
        int max,
        Predicate<ReadOnlyMemory<byte>>? isWanted = null,
        CancellationToken cancellationToken = default)
    {
        ReadOnlyMemory<byte>[] keys = [];
        await CollectingAsync(
            table,
            after,
            prefix,
            max,
            isWanted,
            entries =>
            {
                keys = [.. entries.Select(entry => entry.Name.AsMemory(1))];
                return ValueTask.FromResult(true);
            },
            cancellationToken).ConfigureAwait(false);
        return keys;
    }

    /// <summary>Whether any record's key begins so.</summary>
    public async ValueTask<bool> IsAnyAsync(byte table, ReadOnlyMemory<byte> prefix, CancellationToken cancellationToken = default) =>
        (await ScanKeysAsync(table, default, prefix, 1, null, cancellationToken).ConfigureAwait(false)).Count > 0;

    /// <summary>Finds what the tree has in a range, in one view.</summary>
    private async ValueTask CollectingAsync(
        byte table,
        ReadOnlyMemory<byte> after,
        ReadOnlyMemory<byte> prefix,
        int max,
        Predicate<ReadOnlyMemory<byte>>? isWanted,
        Func<IReadOnlyList<TreeEntry>, ValueTask<bool>> take,
        CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        var range = new TreeRange(StoreName.OfPart(table, after.Span), StoreName.OfPart(table, prefix.Span), max, isWanted);
        await ReadingAsync(
            async view =>
            {
                List<TreeEntry> entries = [];
                bool readable = view.Root is null
                    || await _reader.CollectAsync(view.Root, view.Head.Levels, range, entries, cancellationToken).ConfigureAwait(false);
                return readable && await take(entries).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens the record that an entry names.</summary>
    /// <returns>Whether it is there, in that very write.</returns>
    private async ValueTask<bool> OpenAsync(TreeEntry entry, List<OpenedRecord> found, bool isKept, CancellationToken cancellationToken)
    {
        if (_recent.Find(entry) is { } recent)
        {
            found.Add(recent);
            return true;
        }

        byte[]? bytes = await _store.ReadAsync(StoreTables.Records, _keys.CodeOf(entry.Name), cancellationToken).ConfigureAwait(false);
        if (bytes is null || _keys.Open(RecordKind.Record, entry.Name, entry.Salt, bytes) is not { } value)
        {
            return false;
        }

        var opened = new OpenedRecord(entry.Name.AsMemory(1), value, RecordSeal.GetRevision(bytes), entry.Salt);
        found.Add(opened);
        if (isKept)
        {
            _recent.Add(entry.Name, opened);
        }

        return true;
    }

    /// <summary>Reads from one view. What does not open may have been overwritten meanwhile: then the next view is tried, and in
    /// the end one that nobody overwrites.</summary>
    private async ValueTask ReadingAsync(Func<StoreView, ValueTask<bool>> read, CancellationToken cancellationToken)
    {
        StoreView? tried = null;
        for (int i = 0; i < MaxOvertaken && _view is { } view && !ReferenceEquals(view, tried); i++)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (await read(view).ConfigureAwait(false))
            {
                return;
            }

            tried = view;
        }

        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _view = null;
            if (!await read(await ViewAsync().ConfigureAwait(false)).ConfigureAwait(false))
            {
                throw Refusal();
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The newest view, out of the store where it is not known: the one before the write that failed, or the one after it. Another
    /// head is genuine, too, where it is of a batch that failed earlier, of a copy, or of somebody else who has the store by now; none of
    /// them has the batches that were answered here. For whoever has the turn.</summary>
    private async ValueTask<StoreView> ViewAsync()
    {
        if (_view is { } view)
        {
            return view;
        }

        StoreHead? head = StoreHead.Open(
            _keys, await _store.ReadAsync(StoreTables.Roots, StoreTables.HeadRecord).ConfigureAwait(false));
        if (head is null || !(head.IsSameAs(_known) || head.IsSameAs(_attempted)))
        {
            throw head?.Revision > (_attempted ?? _known).Revision ? new E2EException(E2EError.StoreInUse) : Refusal();
        }

        _reader.Forget(null);
        Publish(view = StoreView.Of(head));
        return view;
    }

    private void Publish(StoreView view)
    {
        (_known, _attempted) = (view.Head, null);
        Interlocked.Exchange(ref _revision, view.Head.Revision);
        _view = view;
    }

    private E2EException Refusal() => _isTaken || _lease.Lost.IsCancellationRequested
        ? new E2EException(E2EError.StoreInUse)
        : new E2EException(E2EError.StoreDamaged, "A record of the store is missing, old or changed.");
}
