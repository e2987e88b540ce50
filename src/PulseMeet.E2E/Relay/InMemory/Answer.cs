namespace PulseMeet.E2E.Relay;

/// <summary>What is computed at once, as the task that the contract promises: a refusal comes with the task, as from a
/// relay that is far away, and a caller's mistake before it.</summary>
internal static class Answer
{
    public static Task<T> Of<T>(Func<T> compute)
    {
        try
        {
            return Task.FromResult(compute());
        }
        catch (E2EException exception)
        {
            return Task.FromException<T>(exception);
        }
    }

    public static Task Of(Action act) => Of(() =>
    {
        act();
        return true;
    });
}
