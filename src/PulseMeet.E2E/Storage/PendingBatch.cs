namespace PulseMeet.E2E.Storage;

/// <summary>A batch that waits for its turn, and whoever waits for it.</summary>
internal sealed class PendingBatch(StoreBatch batch, CancellationToken cancellationToken)
{
    private readonly TaskCompletionSource<long> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public StoreBatch Batch { get; } = batch;

    /// <summary>The store's revision with the batch in it.</summary>
    public Task<long> Outcome => _outcome.Task;

    /// <summary>Whether the batch is wanted no more. Looked at once, before it is written.</summary>
    public bool EndIfCancelled() =>
        cancellationToken.IsCancellationRequested && _outcome.TrySetCanceled(cancellationToken);

    public void Complete(long revision, byte[] salt)
    {
        Batch.Salt = salt;
        _outcome.TrySetResult(revision);
    }

    public void Fail(Exception exception) => _outcome.TrySetException(exception);
}
