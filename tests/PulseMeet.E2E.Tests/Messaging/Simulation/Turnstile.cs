namespace PulseMeet.E2E.Tests.Messaging.Simulation;

/// <summary>Where calls of the relay wait until each is let through: one at a time, in an order that the walk chooses. Whoever was let through goes on, on
/// the chooser's own thread, until the next call: what happens at once happens the same way again for the same seed.</summary>
/// <remarks>No synchronisation context may be there. Thread-safe: whoever comes from another thread all the same is let through, too.</remarks>
internal sealed class Turnstile
{
    private readonly Lock _lock = new();
    private readonly List<TaskCompletionSource> _waiting = [];
    private bool _isOpen;

    public Task WaitAsync()
    {
        lock (_lock)
        {
            if (_isOpen)
            {
                return Task.CompletedTask;
            }

            var turn = new TaskCompletionSource();
            _waiting.Add(turn);
            return turn.Task;
        }
    }

    /// <summary>Lets one through.</summary>
    /// <returns>Whether anybody waited.</returns>
    public bool TryAdmit(Random chance)
    {
        TaskCompletionSource turn;
        lock (_lock)
        {
            if (_waiting.Count == 0)
            {
                return false;
            }

            int which = chance.Next(_waiting.Count);
            turn = _waiting[which];
            _waiting.RemoveAt(which);
        }

        turn.SetResult();
        return true;
    }

    /// <summary>Lets everybody through from now on.</summary>
    public void Open()
    {
        TaskCompletionSource[] all;
        lock (_lock)
        {
            _isOpen = true;
            all = [.. _waiting];
            _waiting.Clear();
        }

        Array.ForEach(all, turn => turn.SetResult());
    }
}
