namespace PulseMeet.E2E.Messaging;

/// <summary>A bell: rung by whoever has something, awaited by the one who deals with it. Rings while nobody waits are kept as
/// one.</summary>
/// <remarks>Thread-safe; one waiter at a time.</remarks>
internal sealed class Wakener
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _rung = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes at the next ring, or has completed since the last <see cref="Reset"/>.</summary>
    public Task Rung
    {
        get
        {
            lock (_lock)
            {
                return _rung.Task;
            }
        }
    }

    public void Wake()
    {
        lock (_lock)
        {
            _rung.TrySetResult();
        }
    }

    /// <summary>Forgets earlier rings: called before looking at what there is to do.</summary>
    public void Reset()
    {
        lock (_lock)
        {
            if (_rung.Task.IsCompleted)
            {
                _rung = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }
}
