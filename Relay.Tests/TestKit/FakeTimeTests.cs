using FluentAssertions;
using Xunit;

namespace Relay.Tests.TestKit;

public sealed class FakeTimeTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Advance_moves_both_clocks()
    {
        var time = new FakeTime();
        var (utc, timestamp) = (time.GetUtcNow(), time.GetTimestamp());

        time.Advance(90 * Second);

        time.GetUtcNow().Should().Be(utc + (90 * Second));
        time.GetElapsedTime(timestamp).Should().Be(90 * Second);
    }

    [Fact]
    public void A_wall_clock_jump_moves_utc_only_and_fires_nothing()
    {
        var time = new FakeTime();
        var (utc, timestamp) = (time.GetUtcNow(), time.GetTimestamp());
        var fired = 0;
        using var timer = time.CreateTimer(_ => fired++, null, Second, Timeout.InfiniteTimeSpan);

        time.JumpWallClock(TimeSpan.FromDays(-400));

        time.GetUtcNow().Should().Be(utc - TimeSpan.FromDays(400));
        time.GetElapsedTime(timestamp).Should().Be(TimeSpan.Zero);
        fired.Should().Be(0);

        time.Advance(Second);
        fired.Should().Be(1);
        time.GetUtcNow().Should().Be(utc - TimeSpan.FromDays(400) + Second);
    }

    [Fact]
    public void Timers_fire_in_order_and_see_the_time_they_were_set_for()
    {
        var time = new FakeTime();
        var start = time.GetUtcNow();
        var seen = new List<(string Name, TimeSpan At)>();
        void See(object? name) => seen.Add(((string)name!, time.GetUtcNow() - start));
        using var late = time.CreateTimer(See, "late", 3 * Second, Timeout.InfiniteTimeSpan);
        using var tick = time.CreateTimer(See, "tick", 2 * Second, 2 * Second);
        using var early = time.CreateTimer(See, "early", Second, Timeout.InfiniteTimeSpan);
        using var alsoLate = time.CreateTimer(See, "also late", 3 * Second, Timeout.InfiniteTimeSpan);

        time.Advance(5 * Second);

        seen.Should().Equal(("early", Second), ("tick", 2 * Second), ("late", 3 * Second), ("also late", 3 * Second), ("tick", 4 * Second));
        time.ArmedTimers.Should().Be(1);
    }

    [Fact]
    public void A_timer_set_by_a_callback_fires_in_the_same_advance()
    {
        var time = new FakeTime();
        var fired = new List<int>();
        ITimer? second = null;
        using var first = time.CreateTimer(
            _ =>
            {
                fired.Add(1);
                second = time.CreateTimer(_ => fired.Add(2), null, Second, Timeout.InfiniteTimeSpan);
            },
            null,
            Second,
            Timeout.InfiniteTimeSpan);

        time.Advance(2 * Second);

        fired.Should().Equal(1, 2);
        second!.Dispose();
    }

    [Fact]
    public void Change_rearms_stops_and_refuses_after_dispose()
    {
        var time = new FakeTime();
        var fired = 0;
        var timer = time.CreateTimer(_ => fired++, null, Second, Timeout.InfiniteTimeSpan);

        timer.Change(3 * Second, Timeout.InfiniteTimeSpan).Should().BeTrue();
        time.Advance(2 * Second);
        fired.Should().Be(0);
        time.Advance(Second);
        fired.Should().Be(1);

        timer.Change(Second, Second).Should().BeTrue();
        timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan).Should().BeTrue();
        time.Advance(10 * Second);
        fired.Should().Be(1);

        timer.Dispose();
        timer.Change(Second, Second).Should().BeFalse();
        time.ArmedTimers.Should().Be(0);
    }

    [Fact]
    public async Task The_framework_waits_on_it()
    {
        var time = new FakeTime();
        using var cancellation = new CancellationTokenSource(3 * Second, time);
        var delay = Task.Delay(2 * Second, time, CancellationToken.None);
        var timeout = Task.Delay(Timeout.InfiniteTimeSpan, time, cancellation.Token);

        time.Advance(Second);
        delay.IsCompleted.Should().BeFalse();

        time.Advance(Second);
        await Eventually.Done(delay, "the delay is over");
        cancellation.IsCancellationRequested.Should().BeFalse();

        time.Advance(Second);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Eventually.Done(timeout, "the time-out came"));
    }

    [Fact]
    public async Task A_timer_due_at_once_fires_without_an_advance()
    {
        var time = new FakeTime();
        var fired = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var timer = time.CreateTimer(_ => fired.SetResult(), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);

        await Eventually.Done(fired.Task, "the timer fired");
    }

    [Fact]
    public async Task Many_threads_may_advance_and_set_timers()
    {
        var time = new FakeTime();
        var start = time.GetTimestamp();
        var fired = 0;
        using var tick = time.CreateTimer(_ => Interlocked.Increment(ref fired), null, Second, Second);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 250; i++)
            {
                using var other = time.CreateTimer(_ => { }, null, Second, Second);
                time.Advance(Second);
            }
        })));

        time.GetElapsedTime(start).Should().Be(1000 * Second);
        await Eventually.True(() => fired == 1000, "the periodic timer fired once a second");
    }
}
