namespace PulseMeet.E2E.Tests.Support;

internal static class Refusal
{
    /// <summary>The reason of the documented exception; anything else fails the test.</summary>
    public static E2EError Of(Action action) => Assert.Throws<E2EException>(action).Reason;

    /// <summary>That hostile input gives a result or the documented exception, and nothing else.</summary>
    public static bool IsDocumented(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (E2EException exception)
        {
            return exception.Reason != E2EError.None;
        }
    }
}
