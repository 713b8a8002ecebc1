namespace Relay.Tests.TestKit;

/// <summary>
/// A clock that moves only when a test says so. <see cref="Advance"/> moves the monotonic and the wall clock together and fires the timers that
/// fall due, in order, on the caller's thread; each sees the time for which it was set. <see cref="JumpWallClock"/> moves the wall clock alone.
/// </summary>
internal sealed class FakeTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<FakeTimer> _timers = [];
    private readonly DateTimeOffset _start;
    private TimeSpan _now;
    private TimeSpan _target;
    private TimeSpan _wallOffset;
    private long _timersMade;

    public FakeTime(DateTimeOffset? start = null) => _start = start ?? new DateTimeOffset(2024, 2, 29, 12, 0, 0, TimeSpan.Zero);

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How many timers are armed: a test waits for this before it advances past them.</summary>
    public int ArmedTimers
    {
        get
        {
            lock (_lock)
            {
                return _timers.Count;
            }
        }
    }

    /// <summary>Whether a timer is due after exactly this time: to wait for one among others.</summary>
    public bool IsArmedFor(TimeSpan due)
    {
        lock (_lock)
        {
            return _timers.Exists(timer => timer.Due == _now + due);
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _start + _now + _wallOffset;
        }
    }

    public override long GetTimestamp()
    {
        lock (_lock)
        {
            return _now.Ticks;
        }
    }

    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        lock (_lock)
        {
            _target += by;
        }

        while (TakeDue() is { } timer)
        {
            timer.Fire();
        }
    }

    /// <summary>What a correction by NTP or by hand does: UTC changes, no timer fires, timestamps go on.</summary>
    public void JumpWallClock(TimeSpan by)
    {
        lock (_lock)
        {
            _wallOffset += by;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        FakeTimer timer;
        lock (_lock)
        {
            timer = new FakeTimer(this, callback, state, _timersMade++);
        }

        timer.Change(dueTime, period);
        return timer;
    }

    private FakeTimer? TakeDue()
    {
        lock (_lock)
        {
            var next = _timers.Where(timer => timer.Due <= _target).MinBy(timer => (timer.Due, timer.Number));
            if (next is null)
            {
                _now = _target;
                return null;
            }

            _now = next.Due > _now ? next.Due : _now;
            if (next.Period is { } period)
            {
                next.Due = _now + period;
            }
            else
            {
                _timers.Remove(next);
            }

            return next;
        }
    }

    private sealed class FakeTimer(FakeTime time, TimerCallback callback, object? state, long number) : ITimer
    {
        private bool _disposed;

        public long Number => number;

        public TimeSpan Due { get; set; }

        public TimeSpan? Period { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(dueTime, Timeout.InfiniteTimeSpan);
            ArgumentOutOfRangeException.ThrowIfLessThan(period, Timeout.InfiniteTimeSpan);
            lock (time._lock)
            {
                if (_disposed)
                {
                    return false;
                }

                time._timers.Remove(this);
                Period = period > TimeSpan.Zero ? period : null;
                if (dueTime > TimeSpan.Zero)
                {
                    Due = time._now + dueTime;
                    time._timers.Add(this);
                    return true;
                }

                if (dueTime == Timeout.InfiniteTimeSpan)
                {
                    return true;
                }

                if (Period is { } every)
                {
                    Due = time._now + every;
                    time._timers.Add(this);
                }
            }

            // Due at once. The real timer queue would use a pool thread too: the caller may hold a lock that the callback wants.
            ThreadPool.UnsafeQueueUserWorkItem(static timer => timer.Fire(), this, preferLocal: false);
            return true;
        }

        public void Dispose()
        {
            lock (time._lock)
            {
                _disposed = true;
                time._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
