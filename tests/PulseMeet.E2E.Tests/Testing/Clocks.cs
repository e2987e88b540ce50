using PulseMeet.E2E.Testing;

namespace PulseMeet.E2E.Tests.Testing;

/// <summary>The clock of the test kit.</summary>
public sealed class Clocks
{
    [Fact]
    public async Task What_waits_on_the_clock_goes_on_when_the_clock_was_moved_that_far()
    {
        var clock = new ManualClock();
        Task delay = Task.Delay(TimeSpan.FromHours(1), clock);
        clock.Advance(TimeSpan.FromMinutes(59));
        Assert.False(delay.IsCompleted);
        Assert.Equal(1, clock.SetTimers);
        clock.Advance(TimeSpan.FromMinutes(1));
        await delay;
        Assert.Equal(0, clock.SetTimers);
    }

    [Fact]
    public void A_timer_fires_once_for_each_of_its_periods_and_sees_the_time_that_it_fires_at()
    {
        var clock = new ManualClock();
        DateTimeOffset start = clock.GetUtcNow();
        List<DateTimeOffset> seen = [];
        using ITimer timer = clock.CreateTimer(_ => seen.Add(clock.GetUtcNow()), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal([start.AddSeconds(1), start.AddSeconds(3), start.AddSeconds(5)], seen);
        Assert.Equal(start.AddSeconds(6), clock.GetUtcNow());
    }

    [Fact]
    public void A_clock_that_is_set_back_fires_no_timer_and_delays_none()
    {
        var clock = new ManualClock();
        int fired = 0;
        using ITimer timer = clock.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(10), Timeout.InfiniteTimeSpan);
        clock.Set(clock.GetUtcNow().AddYears(10));
        clock.Set(clock.GetUtcNow().AddYears(-20));
        Assert.Equal(0, fired);
        clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(1, fired);
    }
}
