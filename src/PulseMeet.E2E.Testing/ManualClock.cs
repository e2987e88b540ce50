namespace PulseMeet.E2E.Testing;

/// <summary>A clock that moves only when the test says so; its timers, and what waits on it (<c>Task.Delay</c> with a
/// <see cref="TimeProvider"/>), fire while it is moved.</summary>
/// <remarks>Thread-safe. Timers fire on the thread that moves the clock, in the order of their times.</remarks>
public sealed class ManualClock : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private DateTimeOffset _now;
    private long _elapsed;

    /// <summary>A clock that stands at noon of 1 March 2026, UTC.</summary>
    public ManualClock()
        : this(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero))
    {
    }

    /// <param name="now">Where the clock stands.</param>
    public ManualClock(DateTimeOffset now) => _now = now;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How many timers are set: how a test sees that something waits on this clock.</summary>
    public int SetTimers
    {
        get
        {
            lock (_lock)
            {
                return _timers.Count;
            }
        }
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _now;
        }
    }

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        lock (_lock)
        {
            return _elapsed;
        }
    }

    /// <summary>Lets time pass: the wall clock and every timer.</summary>
    /// <param name="by">How much; zero or more.</param>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        long until;
        lock (_lock)
        {
            until = _elapsed + by.Ticks;
        }

        while (NextDue(until) is { } timer)
        {
            timer.Fire();
        }
    }

    /// <summary>Sets the wall clock, forward or back, as a user or a time server does: timers run on as they did.</summary>
    /// <param name="now">What it shows from now on.</param>
    public void Set(DateTimeOffset now)
    {
        lock (_lock)
        {
            _now = now;
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves on to the earliest timer that is due until then and gives it; moves to the end and gives null where
    /// there is none.</summary>
    private ManualTimer? NextDue(long until)
    {
        lock (_lock)
        {
            ManualTimer? next = _timers.Where(timer => timer.DueAt <= until).MinBy(timer => timer.DueAt);
            long to = Math.Max(next?.DueAt ?? until, _elapsed);
            _now += TimeSpan.FromTicks(to - _elapsed);
            _elapsed = to;
            next?.Rearm();
            return next;
        }
    }

    private sealed class ManualTimer(ManualClock clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;

        public long DueAt { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                clock._timers.Remove(this);
                _period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    DueAt = clock._elapsed + dueTime.Ticks;
                    clock._timers.Add(this);
                }
            }

            if (dueTime == TimeSpan.Zero)
            {
                clock.Advance(TimeSpan.Zero);
            }

            return true;
        }

        public void Rearm()
        {
            clock._timers.Remove(this);
            if (_period > TimeSpan.Zero)
            {
                DueAt += _period.Ticks;
                clock._timers.Add(this);
            }
        }

        public void Fire() => callback(state);

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
