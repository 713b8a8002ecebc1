using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Tests.Storage;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Faults;

/// <summary>What is cut back after a failed sync, and what retention takes, when more goes wrong on top of it.</summary>
public sealed class CutBackTests : IAsyncDisposable
{
    private const int Segment = 16 * 1024;

    private readonly FakeTime _time = new();
    private readonly StorageOptions _options = new() { DataFolder = "/data", SegmentBytes = Segment };
    private SimulatedDisk _disk = new();
    private SteppedFlusher _flusher = new();

    [Fact]
    public async Task Nothing_of_what_several_failed_syncs_in_a_row_dropped_is_left()
    {
        var log = await Open().NewSession();
        _disk.Inject = call => IsRecord(call) ? DiskFault.IoError : null;
        await LogSteps.Refused(() => log.Lease(attempt: 1), RelayErrorCode.StorageFailed);
        _disk.Inject = null;
        log = await Open().Session(); // Its one segment is there and empty.
        for (var attempt = 2; attempt < 5; attempt++)
        {
            await log.Write(await log.Lease(attempt: attempt), $"lost {attempt}", offset: 0);
            _disk.Inject = call => call.Operation == DiskOperation.Sync ? DiskFault.IoError : null;
            _flusher.Step();
            _disk.Inject = null;
            ((EmbeddedSessionLog)log).HasFailed.Should().BeTrue();
        }

        await log.Write(await log.Lease(attempt: 5), "kept", offset: 0);
        await _flusher.Until(log.MakeDurable());

        ShouldBeWhole(log, "kept");
        ShouldBeWhole(await Open().Session(), "kept");
    }

    [Fact]
    public async Task A_power_loss_brings_no_trimmed_segment_back_without_those_behind_it()
    {
        for (var seed = 1; seed <= 100; seed++)
        {
            _disk = new SimulatedDisk();
            var log = (EmbeddedSessionLog)await Open().NewSession();
            var lease = await log.Lease();
            var written = LogSteps.Noise(6 * Segment, seed);
            for (var at = 0; at < written.Length; at += 3000)
            {
                await log.Write(lease, written[at..Math.Min(at + 3000, written.Length)]);
            }

            await _flusher.Until(log.MakeDurable());
            log.TrimTo(2 * Segment).Should().BeGreaterThan(2 * Segment, "several segments are removed");
            _disk.LosePower(new Random(seed));

            var back = (await Open().Session()).ReadAll();
            back.Gaps.Should().OnlyContain(gap => gap.Offset == 0 && gap.Gap == GapReason.Trimmed, $"seed {seed}: {back}");
            back.ShouldBeTrueTo(written, OutputType.Stdout);
        }
    }

    [Fact]
    public async Task A_log_of_which_no_segment_is_left_says_that_retention_took_it()
    {
        var log = (EmbeddedSessionLog)await Open().NewSession();
        var lease = await log.Lease();
        await log.Write(lease, LogSteps.Noise(Segment - 5000, seed: 1));
        _disk.Inject = call => IsRecord(call) && Segments() > 1 ? DiskFault.IoError : null;
        await LogSteps.Refused(() => log.Write(lease, LogSteps.Noise(6000, seed: 2)), RelayErrorCode.StorageFailed);
        _disk.Inject = null;
        _flusher.Step(); // The first segment is durable, and the second has nothing yet.
        log.TrimTo(1).Should().BePositive();
        await log.Write(lease, "lost");
        _disk.Inject = call => call.Operation is DiskOperation.Sync or DiskOperation.Create ? DiskFault.IoError : null;
        _flusher.Step();
        log.HasFailed.Should().BeTrue();
        await LogSteps.Refused(() => log.Lease(attempt: 2), RelayErrorCode.StorageFailed);

        Segments().Should().Be(0);
        log.ReadAll().Entries.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Kind = LogEntryKind.Gap, Offset = 0, Length = Segment - 5000, Gap = GapReason.Trimmed });
        log.Snapshot()[OutputType.Stdout].FirstOffset.Should().Be(Segment - 5000);

        _disk.Inject = null;
        await log.Write(await log.Lease(attempt: 2), "kept");
        var back = log.ReadAll();
        back.Text().Should().Be("kept");
        back.Gaps.Should().ContainSingle().Which.Gap.Should().Be(GapReason.Trimmed);
    }

    public ValueTask DisposeAsync() => _flusher.DisposeAsync();

    private static bool IsRecord(DiskCall call) =>
        call is { Operation: DiskOperation.Write, Bytes: not SegmentHeader.PageSize } && call.Path.EndsWith(".log", StringComparison.Ordinal);

    private static void ShouldBeWhole(ISessionLog log, string text)
    {
        var all = log.ReadAll();
        all.Text().Should().Be(text);
        all.Entries.Should().ContainSingle();
    }

    private int Segments() => _disk.Files().Keys.Count(path => path.EndsWith(".log", StringComparison.Ordinal));

    /// <summary>A new process; the one before is killed.</summary>
    private EmbeddedLogStore Open()
    {
        _flusher = new SteppedFlusher();
        return new EmbeddedLogStore(Microsoft.Extensions.Options.Options.Create(_options), _time, new LogLines(), _disk.Mount(), _flusher);
    }
}
