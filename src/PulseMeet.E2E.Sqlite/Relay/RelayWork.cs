namespace PulseMeet.E2E.Sqlite.Relay;

/// <summary>One call's part of a transaction: done within it, answered once it is durable.</summary>
internal abstract class RelayWork
{
    private const int Queued = 0;
    private const int Begun = 1;
    private const int Cancelled = 2;

    private int _state;

    /// <summary>Whether it is to be done. From here on the caller waits to the end, since what it passed is read.</summary>
    public bool TryBegin() => Interlocked.CompareExchange(ref _state, Begun, Queued) == Queued;

    /// <summary>Whether it will not be done.</summary>
    public bool TryCancel() => Interlocked.CompareExchange(ref _state, Cancelled, Queued) == Queued;

    /// <summary>Does it. What it throws takes back what it did, and is kept as its answer.</summary>
    public abstract void Do(RelayTransaction transaction);

    /// <summary>The transaction is durable.</summary>
    public abstract void Answer();

    /// <summary>The transaction is not.</summary>
    public abstract void Fail(Exception exception);
}

/// <inheritdoc/>
internal sealed class RelayWork<T>(Func<RelayTransaction, T> run) : RelayWork
{
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? _refusal;
    private T? _result;

    /// <summary>Waits for the answer; a cancelled call is over at once where it was not begun.</summary>
    public async Task<T> AnswerAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration = cancellationToken.Register(() =>
        {
            if (TryCancel())
            {
                _answer.TrySetCanceled(cancellationToken);
            }
        });
        return await _answer.Task.ConfigureAwait(false);
    }

    public override void Do(RelayTransaction transaction)
    {
        try
        {
            _result = transaction.Within(run);
        }
        catch (E2EException refused)
        {
            _refusal = refused;
        }
    }

    public override void Answer()
    {
        if (_refusal is null)
        {
            _answer.SetResult(_result!);
        }
        else
        {
            _answer.SetException(_refusal);
        }
    }

    public override void Fail(Exception exception) => _answer.SetException(exception);
}
