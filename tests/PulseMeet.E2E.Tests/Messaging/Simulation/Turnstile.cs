namespace PulseMeet.E2E.Tests.Messaging.Simulation;

/// <summary>Where calls of the relay wait until each is let through: one at a time, in an order that the walk chooses. Whoever was let through goes on, on
/// the chooser's own thread, until the next call: what happens at once happens the same way again for the same seed.</summary>
/// <remarks>Not thread-safe: nobody else may run meanwhile, and no synchronisation context may be there.</remarks>
internal sealed class Turnstile
{
    private readonly List<TaskCompletionSource> _waiting = [];

    public int Waiting => _waiting.Count;

    public Task WaitAsync()
    {
        var turn = new TaskCompletionSource();
        _waiting.Add(turn);
        return turn.Task;
    }

    /// <summary>Lets one through.</summary>
    /// <param name="which">From 0, in the order in which they came.</param>
    public void Admit(int which)
    {
        TaskCompletionSource turn = _waiting[which];
        _waiting.RemoveAt(which);
        turn.SetResult();
    }
}
