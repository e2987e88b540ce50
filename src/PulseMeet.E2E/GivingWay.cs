namespace PulseMeet.E2E;

/// <summary>In a browser one thread does everything: long work lets the page draw and answer in between. Elsewhere it costs nothing.</summary>
internal static class GivingWay
{
    /// <summary>What is done in between. Set by tests alone.</summary>
    public static Func<ValueTask> Pause { get; set; } = OperatingSystem.IsBrowser() ? YieldAsync : () => default;

    /// <summary>Lets what waits for the thread run first. For whoever holds turns, and no lock.</summary>
    public static ValueTask OnceAsync() => Pause();

    private static async ValueTask YieldAsync() => await Task.Yield();
}
