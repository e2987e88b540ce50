using System.Threading.Channels;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>A clock whose timers go off only when the test lets them: pauses are seen, and nobody sleeps.</summary>
internal sealed class TimersOfTheTest(TimeProvider clock) : TimeProvider
{
    private readonly Channel<Timer> _set = Channel.CreateUnbounded<Timer>();
    private TimeSpan _passed;

    public override DateTimeOffset GetUtcNow() => clock.GetUtcNow() + _passed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _passed.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(callback, state, dueTime);
        _set.Writer.TryWrite(timer);
        return timer;
    }

    /// <summary>Waits until somebody sets a timer.</summary>
    /// <returns>How long it is set for, and what lets it go off.</returns>
    public async Task<(TimeSpan Due, Action Pass)> SeeAsync()
    {
        Timer timer = await NextAsync();
        return (timer.Due, () =>
        {
            _passed += timer.Due;
            timer.GoOff();
        });
    }

    /// <summary>Waits until somebody sets a timer, and lets it go off.</summary>
    /// <returns>How long it was set for.</returns>
    public async Task<TimeSpan> PassAsync()
    {
        (TimeSpan due, Action pass) = await SeeAsync();
        pass();
        return due;
    }

    private async Task<Timer> NextAsync()
    {
        while (true)
        {
            Timer timer = await _set.Reader.ReadAsync();
            if (!timer.IsOver)
            {
                return timer;
            }
        }
    }

    private sealed class Timer(TimerCallback callback, object? state, TimeSpan due) : ITimer
    {
        public TimeSpan Due { get; } = due;

        public bool IsOver { get; private set; }

        public void GoOff() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose() => IsOver = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
