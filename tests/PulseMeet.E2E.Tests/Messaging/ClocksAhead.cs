namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>Clocks that are ahead of those of others, until they agree.</summary>
internal static class ClocksAhead
{
    public static TimeSpan By { get; } = TimeSpan.FromMinutes(20);

    /// <summary>The clock of every client that is made from now on, and of the relay, which refuses a list that is ahead of itself.</summary>
    public static LaggingClock SetAhead(this World world)
    {
        var clock = new LaggingClock(world.Clock) { Lag = -By };
        world.ClientClock = clock;
        world.RelayClock.Lag = -By;
        return clock;
    }

    /// <summary>The others' time has come, and all clocks are right.</summary>
    public static void LetAgree(this World world, LaggingClock clock)
    {
        world.Clock.Advance(By);
        clock.Lag = world.RelayClock.Lag = TimeSpan.Zero;
    }
}
