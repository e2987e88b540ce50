using System.Diagnostics.CodeAnalysis;

namespace PulseMeet.E2E.Storage;

/// <summary>The app's store with its contract enforced: whatever it throws or gives that the contract does not know is a store that
/// has failed (<see cref="E2EError.StoreFailed"/>), with the exception beneath.</summary>
/// <remarks>What a store that fails has written, its head says, which is read before the next batch. Thread-safe where the store is.</remarks>
internal sealed class CheckedStore(IE2EStore store) : IE2EStore
{
    public Task<StoreLease> AcquireAsync(string owner, bool handover, CancellationToken cancellationToken = default) =>
        AskAsync(() => new ValueTask<StoreLease>(store.AcquireAsync(owner, handover, cancellationToken)), IsThere, cancellationToken).AsTask();

    public Task ReleaseAsync(StoreLease lease, CancellationToken cancellationToken = default) =>
        TellAsync(() => new ValueTask(store.ReleaseAsync(lease, cancellationToken)), cancellationToken).AsTask();

    public ValueTask<byte[]?> ReadAsync(byte table, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
        AskAsync(() => store.ReadAsync(table, key, cancellationToken), _ => true, cancellationToken);

    public ValueTask<IReadOnlyList<StoreRecord>> ScanAsync(
        byte table, ReadOnlyMemory<byte> after, ReadOnlyMemory<byte> prefix, int max, CancellationToken cancellationToken = default) =>
        AskAsync(
            () => store.ScanAsync(table, after, prefix, max, cancellationToken),
            records => records is not null && records.All(IsThere),
            cancellationToken);

    public ValueTask CommitAsync(
        StoreLease lease, long expectedRevision, IReadOnlyList<StoreChange> changes, CancellationToken cancellationToken = default) =>
        TellAsync(() => store.CommitAsync(lease, expectedRevision, changes, cancellationToken), cancellationToken);

    public Task WipeAsync(StoreLease lease, CancellationToken cancellationToken = default) =>
        TellAsync(() => new ValueTask(store.WipeAsync(lease, cancellationToken)), cancellationToken).AsTask();

    public ValueTask DisposeAsync() => store.DisposeAsync();

    private static bool IsThere(object? answer) => answer is not null;

    private static async ValueTask TellAsync(Func<ValueTask> call, CancellationToken cancellationToken) => await AskAsync(
        async () =>
        {
            await call().ConfigureAwait(false);
            return true;
        },
        _ => true,
        cancellationToken).ConfigureAwait(false);

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "An app's store may throw anything.")]
    private static async ValueTask<T> AskAsync<T>(Func<ValueTask<T>> call, Predicate<T> isWhole, CancellationToken cancellationToken)
    {
        T answer;
        bool isAnswer;
        try
        {
            answer = await call().ConfigureAwait(false);
            isAnswer = isWhole(answer);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
        catch (E2EException exception) when (IsOfTheStore(exception.Reason))
        {
            throw;
        }
        catch (Exception exception)
        {
            throw new E2EException(E2EError.StoreFailed, "The store failed.", exception);
        }

        return isAnswer ? answer : throw new E2EException(E2EError.StoreFailed, "The store's answer is none.");
    }

    /// <summary>What a relay or a message is refused for says nothing where a store says it.</summary>
    private static bool IsOfTheStore(E2EError reason) => reason is E2EError.StoreFailed or E2EError.StoreInUse
        or E2EError.StoreDamaged or E2EError.StoreConflict or E2EError.UnsupportedVersion;
}
