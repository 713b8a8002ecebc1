using FluentAssertions;
using Relay.Server.Storage;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Storage;

public sealed class PulseTests
{
    private readonly Pulse _pulse = new();

    [Fact]
    public async Task Every_waiter_is_woken_by_one_beat()
    {
        var waiters = Enumerable.Range(0, 100).Select(_ => _pulse.WaitAsync(_pulse.Version)).ToList();
        waiters.Should().OnlyContain(waiter => !waiter.IsCompleted);

        _pulse.Fire();

        await Eventually.Done(Task.WhenAll(waiters), "all are woken");
    }

    [Fact]
    public void A_beat_between_the_look_and_the_wait_is_not_missed()
    {
        var seen = _pulse.Version;
        _pulse.Fire();

        _pulse.WaitAsync(seen).IsCompletedSuccessfully.Should().BeTrue();
        _pulse.WaitAsync(_pulse.Version).IsCompleted.Should().BeFalse("a beat wakes only those who wait for it");
    }

    [Fact]
    public async Task Whoever_fires_does_not_run_the_waiters()
    {
        var firing = Environment.CurrentManagedThreadId;
        var ran = 0;
        var waiter = _pulse.WaitAsync(_pulse.Version).ContinueWith(
            _ => ran = Environment.CurrentManagedThreadId, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

        _pulse.Fire();

        Volatile.Read(ref ran).Should().NotBe(firing, "it may hold a lock that they want");
        await Eventually.Done(waiter, "the waiter runs elsewhere");
    }

    /// <summary>Each beat is sent only after every waiter has answered the last one: a single missed beat stops the whole test.</summary>
    [Fact]
    public async Task No_beat_is_ever_missed()
    {
        const int beats = 20_000;
        const int waiters = 4;
        var state = 0;
        var answers = new int[waiters];
        var answered = new Pulse();
        var loops = Enumerable.Range(0, waiters).Select(i => Task.Run(async () =>
        {
            while (answers[i] < beats)
            {
                var seen = _pulse.Version;
                if (Volatile.Read(ref state) == answers[i])
                {
                    await _pulse.WaitAsync(seen);
                    continue;
                }

                Volatile.Write(ref answers[i], answers[i] + 1);
                answered.Fire();
            }
        }));

        var all = Task.WhenAll(loops);
        var beating = Task.Run(async () =>
        {
            for (var beat = 1; beat <= beats; beat++)
            {
                Volatile.Write(ref state, beat);
                _pulse.Fire();
                while (true)
                {
                    var seen = answered.Version;
                    if (Enumerable.Range(0, waiters).All(i => Volatile.Read(ref answers[i]) == beat))
                    {
                        break;
                    }

                    await answered.WaitAsync(seen);
                }
            }
        });

        await Eventually.Done(Task.WhenAll(all, beating), "every beat is answered", describe: () => $"beat {state}, answers {string.Join(", ", answers)}");
    }
}
