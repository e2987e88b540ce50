using System.Collections.Concurrent;
using System.Collections.Immutable;
using PulseMeet.E2E;
using PulseMeet.E2E.Storage;

namespace AppTests.App;

/// <summary>A store of the app's own: everything in one file, which each batch writes anew. For devices with little in it.</summary>
/// <remarks>What was deleted is in no later file. One process has the file at a time; objects of one process on one file hand it
/// to each other. A batch that was answered outlives the process, and the power where the file system keeps renames.</remarks>
public sealed class SnapshotStore : IE2EStore
{
    private static readonly ConcurrentDictionary<string, Snapshot> s_snapshots = new(StringComparer.Ordinal);

    private readonly Snapshot _snapshot;
    private StoreLease? _lease;

    public SnapshotStore(string path) => _snapshot = s_snapshots.GetOrAdd(Path.GetFullPath(path), full => new Snapshot(full));

    public async Task<StoreLease> AcquireAsync(string owner, bool handover, CancellationToken cancellationToken = default)
    {
        StoreLimits.CheckOwner(owner);
        return _lease = await _snapshot.AcquireAsync(handover, cancellationToken);
    }

    public Task ReleaseAsync(StoreLease lease, CancellationToken cancellationToken = default) => _snapshot.ReleaseAsync(lease, cancellationToken);

    public ValueTask<byte[]?> ReadAsync(byte table, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        StoreLimits.CheckKey(key.Span);
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(_snapshot.Contents.Records.TryGetValue(Name(table, key), out byte[]? value) ? [.. value] : (byte[]?)null);
    }

    public ValueTask<IReadOnlyList<StoreRecord>> ScanAsync(
        byte table, ReadOnlyMemory<byte> after, ReadOnlyMemory<byte> prefix, int max, CancellationToken cancellationToken = default)
    {
        StoreLimits.CheckScan(after.Span, prefix.Span, max);
        cancellationToken.ThrowIfCancellationRequested();
        byte[] above = Name(table, after);
        byte[] within = Name(table, prefix);
        return ValueTask.FromResult<IReadOnlyList<StoreRecord>>(
        [
            .. _snapshot.Contents.Records
                .Where(record => record.Key.AsSpan().StartsWith(within) && Snapshot.Order.Compare(record.Key, above) > 0)
                .Take(max)
                .Select(record => new StoreRecord(record.Key.AsMemory(1), record.Value.ToArray())),
        ]);
    }

    public async ValueTask CommitAsync(
        StoreLease lease, long expectedRevision, IReadOnlyList<StoreChange> changes, CancellationToken cancellationToken = default)
    {
        StoreLimits.CheckBatch(changes);
        (byte[] Name, byte[]? Value)[] writes =
            [.. changes.Select(change => (Name(change.Table, change.Key), change.Value is { } value ? [.. value] : (byte[]?)null))];
        await _snapshot.ChangeAsync(
            lease,
            contents =>
            {
                if (contents.Revision != expectedRevision)
                {
                    throw new E2EException(E2EError.StoreConflict);
                }

                ImmutableSortedDictionary<byte[], byte[]>.Builder records = contents.Records.ToBuilder();
                foreach ((byte[] name, byte[]? value) in writes)
                {
                    if (value is null)
                    {
                        records.Remove(name);
                    }
                    else
                    {
                        records[name] = value;
                    }
                }

                return contents with { Revision = contents.Revision + 1, Records = records.ToImmutable() };
            },
            cancellationToken);
    }

    public Task WipeAsync(StoreLease lease, CancellationToken cancellationToken = default) =>
        _snapshot.ChangeAsync(lease, contents => contents with { Revision = 0, Records = contents.Records.Clear() }, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_lease is { } lease)
        {
            await ReleaseAsync(lease);
        }
    }

    private static byte[] Name(byte table, ReadOnlyMemory<byte> key) => [table, .. key.Span];
}
