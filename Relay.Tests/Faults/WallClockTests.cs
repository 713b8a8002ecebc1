using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Tests.Sessions;
using Relay.Tests.Storage;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Faults;

/// <summary>A wall clock that jumps by a day, while the relay runs and over its restarts.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The test runner calls DisposeAsync.")]
public sealed class WallClockTests(ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private readonly Registry _registry = new();

    private TimeSpan Ttl => _registry.Ttl;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _registry.DisposeAsync();

    [Fact]
    public async Task Order_holds_and_a_search_by_time_leaves_nothing_out_whatever_the_clock_does()
    {
        var started = Stopwatch.GetTimestamp();
        var seeds = FaultRun.Size(40, 2000);
        var jumps = 0;
        await Seeds.ForEachInParallel(seeds, async seed =>
        {
            await using var history = new ClockHistory(new Random(seed));
            for (var i = 0; i < 120; i++)
            {
                await history.Step();
            }

            await history.Check();
            Interlocked.Add(ref jumps, history.Jumps);
        });
        FaultRun.Report(output, "wall clock ± 1 day, order and search by time", $"{seeds} seeds, {jumps} jumps", "0 bytes out of order, 0 left out", started);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(1, false)]
    [InlineData(-1, true)]
    [InlineData(-1, false)]
    public async Task A_session_lives_its_time_over_a_jump_that_came_before_a_restart(int days, bool cleanly)
    {
        await _registry.Create();
        await _registry.Sweep();
        _registry.Time.JumpWallClock(Day * days);
        _registry.Time.Advance(Ttl / 2);
        (await _registry.Sweep()).Should().Be(0);

        await (cleanly ? _registry.Restart(away: TimeSpan.Zero) : _registry.Kill());

        (await _registry.Sweep()).Should().Be(0);
        _registry.Time.Advance((Ttl / 2) - Second);
        (await _registry.Sweep()).Should().Be(0, "half of its life was left");
        _registry.Time.Advance(days > 0 ? Second : (Ttl / 2) + Second); // Put back: what is stored lies ahead, and at most a whole life begins anew.
        (await _registry.Sweep()).Should().Be(1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task A_tombstone_lives_its_time_over_a_jump_and_a_restart(int days)
    {
        await _registry.Create();
        await _registry.Sessions.DeleteAsync("nightly", CancellationToken.None);
        _registry.Time.JumpWallClock(Day * days);
        _registry.Time.Advance(Ttl / 2);
        await _registry.Sweep();
        await LogSteps.Refused(() => _registry.Get(), RelayErrorCode.SessionDeleted);

        await _registry.Kill();

        await _registry.Sweep();
        _registry.Time.Advance((Ttl / 2) - Second);
        await _registry.Sweep();
        await LogSteps.Refused(() => _registry.Get(), RelayErrorCode.SessionDeleted);
        _registry.Time.Advance(2 * Second);
        await _registry.Sweep();
        await LogSteps.Refused(() => _registry.Get(), RelayErrorCode.SessionNotFound);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Leases_readers_and_their_grace_take_no_notice_of_a_jump_and_a_restart_finds_all_in_order(int days)
    {
        var time = new FakeTime();
        await using var relay = await RelayHost.StartAsync(options =>
        {
            options.Time = time;
            options.Settings["Storage:Fsync"] = "Group";
            options.Settings["Streaming:ReaderGrace"] = "00:00:30";
        });
        var session = await relay.Api.CreateSession();
        await using var hub = await HubPeer.ConnectAsync(relay);
        using var upload = await hub.WriteAsync(new() { Session = session, RunId = "run", Attempt = 1, Outputs = [OutputType.Stdout] });
        await using var reader = await relay.Api.Reader(session);
        upload.Send(OutputType.Stdout, 0, "before "u8);
        await reader.ReceiveBytes(7);

        time.JumpWallClock(Day * days);
        time.Advance(TimeSpan.FromSeconds(20));
        upload.Send(OutputType.Stdout, 7, "after "u8);
        await reader.ReceiveBytes(6);
        upload.Leave();
        while (await upload.NextAsync() is not null)
        {
        }

        var end = reader.ReceiveToClose();
        await Eventually.True(async () => (await relay.Api.Status(session))!.Outputs["stdout"].State == "closed", "the writer has left");
        time.JumpWallClock(-Day * days * 2);
        end.IsCompleted.Should().BeFalse("its grace is not over");
        await Eventually.True(
            () =>
            {
                time.Advance(Second);
                return end.IsCompleted;
            },
            "the grace ends by the monotonic clock");
        await relay.RestartAsync();

        (await relay.Api.Status(session))!.State.Should().Be("live");
        (await relay.Api.ReadAll(session)).Should().Equal("before after "u8.ToArray());
        await relay.Api.Append(session, "and on"u8.ToArray());
        (await relay.Api.ReadAll(session)).Should().Equal("before after and on"u8.ToArray());
    }

    /// <summary>One session written to under a clock that jumps, on a disk that is also pulled from under it.</summary>
    private sealed class ClockHistory(Random random) : IAsyncDisposable
    {
        private readonly SimulatedDisk _disk = new();
        private readonly FakeTime _time = new();
        private readonly StorageOptions _options = new() { DataFolder = "/data", SegmentBytes = 128 * 1024 };

        // Time and bytes by sequence.
        private readonly SortedDictionary<long, long> _times = [];
        private EmbeddedLogStore? _store;
        private ISessionLog? _log;
        private WriterLease? _lease;
        private int _runs;

        public int Jumps { get; private set; }

        public async Task Step()
        {
            _time.Advance(TimeSpan.FromMilliseconds(random.Next(60_000)));
            switch (random.Next(12))
            {
                case 0 or 1:
                    _time.JumpWallClock(random.Next(2) == 0 ? Day : -Day);
                    Jumps++;
                    break;
                case 2:
                    await End();
                    break;
                default:
                    await Write();
                    break;
            }
        }

        /// <summary>What a search finds must be what going through all records finds.</summary>
        public async Task Check()
        {
            await Open();
            var log = _log!;
            var all = log.ReadAll();
            all.ShouldBeContiguous(OutputType.Stdout).Should().Be(log.Snapshot()[OutputType.Stdout].Length);
            all.Gaps.Should().BeEmpty();
            all.Data.Select(entry => entry.Sequence).Should().BeInAscendingOrder();
            all.Data.Should().OnlyContain(entry => _times[entry.Sequence] == entry.TimeMicros, "a record's time is the wall clock's at its coming");
            foreach (var time in _times.Values.Distinct().OrderBy(_ => random.Next()).Take(30))
            {
                var since = time + random.Next(-1, 2);
                var first = _times.FirstOrDefault(record => record.Value >= since).Key;
                var expected = first == 0 ? [] : all.Data.Where(entry => entry.Sequence >= first).Select(entry => entry.Sequence);
                var got = log.ReadAll(new ReadFrom.Since(since)).Data.Select(entry => entry.Sequence).ToList();
                got.Should().Equal(expected);
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (_store is { } store)
            {
                await store.DisposeAsync();
            }
        }

        private async Task Write()
        {
            await Open();
            var log = _log!;
            _lease ??= await log.Lease($"run-{_runs++}");
            Note();
            await log.Write(_lease, LogSteps.Noise(random.Next(1, 20_000), random.Next()));
            Note();
            if (random.Next(4) == 0)
            {
                await log.MakeDurable();
            }
        }

        private void Note()
        {
            for (var sequence = _times.Count + 1L; sequence <= _log!.Snapshot().LastSequence; sequence++)
            {
                _times[sequence] = (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
            }
        }

        private async Task Open()
        {
            if (_store is null)
            {
                _store = StoreOnDisk.Open(_options, _time, new LogLines(), _disk.Mount());
                _log = await _store.FindAsync("nightly", CancellationToken.None) ?? await _store.NewSession();
                _lease = null;
                for (var lost = _times.Count; lost > _log.Snapshot().LastSequence; lost--)
                {
                    _times.Remove(lost);
                }
            }
        }

        private async Task End()
        {
            if (_store is { } store)
            {
                var how = random.Next(3);
                if (how == 1)
                {
                    _disk.Mount();
                }
                else if (how == 2)
                {
                    _disk.LosePower(random);
                }

                await store.DisposeAsync();
                _store = null;
            }
        }
    }
}
