using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>An app's store that knows nothing of this library's exceptions: some of its calls in a row fail with the disk's own.</summary>
/// <param name="inner">Where the records are.</param>
/// <param name="afterwards">Whether what fails has been done all the same.</param>
internal sealed class OutageStore(IE2EStore inner, bool afterwards) : IE2EStore
{
    private int _calls;
    private int _from = int.MaxValue;
    private int _until = int.MaxValue;

    /// <summary>What is thrown.</summary>
    public Exception Failure { get; } = new IOException("The cable is out.");

    /// <summary>Whether a call has failed.</summary>
    public bool HasHappened { get; private set; }

    /// <summary>Fails calls from now on.</summary>
    /// <param name="call">The first one: 1 is the next.</param>
    /// <param name="count">How many.</param>
    public void Plan(int call, int count) => (_from, _until) = (_calls + call, _calls + call + count);

    public void End() => _from = int.MaxValue;

    public async Task<StoreLease> AcquireAsync(string owner, bool handover, CancellationToken cancellationToken = default)
    {
        // A lease that nobody was given could be given back by nobody.
        Begin(mayBeDone: false);
        return await inner.AcquireAsync(owner, handover, cancellationToken);
    }

    public Task ReleaseAsync(StoreLease lease, CancellationToken cancellationToken = default) => inner.ReleaseAsync(lease, cancellationToken);

    public async ValueTask<byte[]?> ReadAsync(byte table, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
    {
        Begin(mayBeDone: false);
        return await inner.ReadAsync(table, key, cancellationToken);
    }

    public async ValueTask<IReadOnlyList<StoreRecord>> ScanAsync(
        byte table, ReadOnlyMemory<byte> after, ReadOnlyMemory<byte> prefix, int max, CancellationToken cancellationToken = default)
    {
        Begin(mayBeDone: false);
        return await inner.ScanAsync(table, after, prefix, max, cancellationToken);
    }

    public async ValueTask CommitAsync(
        StoreLease lease, long expectedRevision, IReadOnlyList<StoreChange> changes, CancellationToken cancellationToken = default)
    {
        bool fails = Begin(mayBeDone: afterwards);
        await inner.CommitAsync(lease, expectedRevision, changes, cancellationToken);
        if (fails)
        {
            throw Failure;
        }
    }

    public Task WipeAsync(StoreLease lease, CancellationToken cancellationToken = default) => inner.WipeAsync(lease, cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private bool Begin(bool mayBeDone)
    {
        _calls++;
        bool fails = _calls >= _from && _calls < _until;
        HasHappened |= fails;
        return !fails || mayBeDone ? fails : throw Failure;
    }
}
