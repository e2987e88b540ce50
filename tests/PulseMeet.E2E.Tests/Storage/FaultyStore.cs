using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Storage;

/// <summary>A store that breaks one rule of the contract, which the name of the fault says.</summary>
internal sealed class FaultyStore(string fault) : IE2EStore
{
    private readonly InMemoryStore _inner = new();
    private StoreLease? _newest;
    private long _revision;

    public async Task<StoreLease> AcquireAsync(string owner, bool handover, CancellationToken cancellationToken = default)
    {
        StoreLease lease = await _inner.AcquireAsync(owner, handover, cancellationToken);
        _newest = lease;
        _revision = lease.Revision;
        return lease;
    }

    public Task ReleaseAsync(StoreLease lease, CancellationToken cancellationToken = default) =>
        fault == "lease" ? Task.CompletedTask : _inner.ReleaseAsync(lease, cancellationToken);

    public async ValueTask<byte[]?> ReadAsync(byte table, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        byte[]? value = await _inner.ReadAsync(fault == "table" ? (byte)0 : table, key, cancellationToken);
        return fault == "empty" && value is [] ? null : value;
    }

    public async ValueTask<IReadOnlyList<StoreRecord>> ScanAsync(
        byte table, ReadOnlyMemory<byte> after, ReadOnlyMemory<byte> prefix, int max, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<StoreRecord> found = await _inner.ScanAsync(
            table, after, fault == "prefix" ? default : prefix, fault == "max" ? max + 1 : max, cancellationToken);
        return fault == "order" ? [.. found.Reverse()] : found;
    }

    public async ValueTask CommitAsync(
        StoreLease lease, long expectedRevision, IReadOnlyList<StoreChange> changes, CancellationToken cancellationToken = default)
    {
        StoreLimits.CheckBatch(changes);
        IReadOnlyList<StoreChange> written = fault switch
        {
            "delete" => [.. changes.Where(change => change.Value is not null)],
            "table" => [.. changes.Select(change => change with { Table = 0 }).DistinctBy(change => Convert.ToHexString(change.Key.Span))],
            _ => changes,
        };
        bool conflict = expectedRevision != _revision;
        if (conflict && fault == "half")
        {
            await _inner.CommitAsync(_newest!, _revision++, [.. written.Take(1)], cancellationToken);
        }

        await _inner.CommitAsync(
            fault == "lease" ? _newest! : lease,
            fault == "revision" ? _revision : expectedRevision,
            written,
            fault == "cancel" ? CancellationToken.None : cancellationToken);
        _revision++;
    }

    public async Task WipeAsync(StoreLease lease, CancellationToken cancellationToken = default)
    {
        if (fault != "wipe")
        {
            await _inner.WipeAsync(lease, cancellationToken);
            _revision = 0;
        }
    }

    public ValueTask DisposeAsync() => _inner.DisposeAsync();
}
