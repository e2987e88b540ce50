namespace PulseMeet.E2E.Relay;

/// <summary>One waiting call. Woken any number of times between two looks, it looks once.</summary>
internal sealed class Waiter(Waiters all, Topic topic) : IDisposable
{
    // More signals than these between two looks are lost, as signals may be.
    private const int MaxSignals = 64;

    private readonly Lock _lock = new();
    private readonly List<MailboxItem> _signals = [];
    private TaskCompletionSource _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Topic Topic => topic;

    public void Wake(MailboxItem? signal)
    {
        lock (_lock)
        {
            if (signal is not null && _signals.Count < MaxSignals)
            {
                _signals.Add(signal);
            }

            _woken.TrySetResult();
        }
    }

    /// <summary>Waits until woken, or as long as it is told.</summary>
    /// <param name="left">What is left of the caller's time, on the relay's clock.</param>
    /// <param name="poll">After how long to look anyway, in real time.</param>
    /// <param name="clock">The relay's clock.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The signals that came.</returns>
    public async Task<IReadOnlyList<MailboxItem>> WaitAsync(
        TimeSpan left, TimeSpan poll, TimeProvider clock, CancellationToken cancellationToken)
    {
        Task woken;
        lock (_lock)
        {
            woken = _woken.Task;
        }

        using (var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        {
            await Task.WhenAny(woken, Task.Delay(left, clock, stop.Token), Task.Delay(poll, stop.Token)).ConfigureAwait(false);
            await stop.CancelAsync().ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (_woken.Task.IsCompleted)
            {
                _woken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            MailboxItem[] signals = [.. _signals];
            _signals.Clear();
            return signals;
        }
    }

    public void Dispose() => all.Remove(this);
}
