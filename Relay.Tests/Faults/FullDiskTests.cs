using System.Diagnostics;
using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Tests.Storage;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Faults;

/// <summary>A disk that is full again and again, and a process with too many open files, at the store.</summary>
public sealed class FullDiskTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Life = TimeSpan.FromHours(1);
    private readonly SimulatedDisk _disk = new();
    private readonly FakeTime _time = new();
    private readonly StorageOptions _options = new() { DataFolder = "/data", SegmentBytes = 64 * 1024 };

    [Fact]
    public async Task Whatever_is_done_on_a_full_disk_it_is_refused_clearly_and_goes_on_once_there_is_room()
    {
        var started = Stopwatch.GetTimestamp();
        var cycles = FaultRun.Size(20, 200);
        var store = Open();
        var log = await store.NewSession();
        var lease = await log.Lease();
        using var follower = log.OpenReader(ReadFrom.Start);
        var followed = new ReadBack();
        var written = new List<byte>();
        for (var cycle = 0; cycle < cycles; cycle++)
        {
            var doomed = await store.NewSession($"doomed-{cycle}");
            await doomed.Write(await doomed.Lease(), LogSteps.Noise(150_000, cycle));
            var finished = await store.NewSession($"finished-{cycle}");
            var finish = await finished.Lease();
            await finished.Write(finish, "all of it");
            await doomed.MakeDurable();
            await finished.MakeDurable();

            _disk.Capacity = _disk.Used + 40_000;
            await Fill(log, lease, written, cycle);
            _disk.Capacity = _disk.Used; // To the last byte.
            followed.TakeFrom(follower);
            log.ReadAll().Bytes().AsSpan().SequenceEqual(written.ToArray()).Should().BeTrue("reading goes on");
            await LogSteps.Refused(() => store.NewSession("one more"), RelayErrorCode.StorageFull);
            await LogSteps.Refused(() => finished.Complete(finish, 0, LogSteps.Total("all of it")), RelayErrorCode.StorageFull);
            await store.MaintainAsync(Life, CancellationToken.None);

            (await store.DeleteAsync(doomed, EndReason.Deleted, unlessHeld: false, CancellationToken.None)).Should().BeTrue();
            (_disk.Capacity - _disk.Used).Should().BeGreaterThan(140_000, "a deletion gives its bytes back");
            var more = LogSteps.Noise(20_000, -cycle);
            await log.Write(lease, more, offset: written.Count);
            written.AddRange(more);
            (await finished.Complete(finish, 0, LogSteps.Total("all of it"))).Verdicts[OutputType.Stdout].Should().Be(Verdict.Verified);
            _disk.Capacity = long.MaxValue;
        }

        followed.TakeFrom(follower);
        followed.ShouldBeTrueTo([.. written], OutputType.Stdout);
        followed.Bytes().Should().HaveCount(written.Count);
        var verdict = await log.Complete(lease, 0, new OutputTotal(OutputType.Stdout, written.Count, Crc32C.Append(0, written.ToArray())));
        verdict.Verdicts[OutputType.Stdout].Should().Be(Verdict.Verified);
        await store.DisposeAsync();
        await using var again = Open();
        (await again.Session()).ReadAll().Bytes().AsSpan().SequenceEqual(written.ToArray()).Should().BeTrue();
        FaultRun.Report(output, "full disk, simulated", $"{cycles} cycles", $"{written.Count} bytes acknowledged, all there, verified", started);
    }

    [Fact]
    public async Task Retention_gives_room_on_a_full_disk()
    {
        await using var store = Open();
        var log = (EmbeddedSessionLog)await store.NewSession();
        var lease = await log.Lease();
        for (var i = 0; i < 40; i++)
        {
            await log.Write(lease, LogSteps.Noise(10_000, i));
            await log.MakeDurable();
        }

        _disk.Capacity = _disk.Used;
        await LogSteps.Refused(() => log.Write(lease, LogSteps.Noise(70_000, 1)), RelayErrorCode.StorageFull);
        log.TrimTo(100_000).Should().BeGreaterThan(100_000);

        await log.Write(lease, LogSteps.Noise(70_000, 1));
        log.ReadAll().ShouldBeContiguous(OutputType.Stdout).Should().Be(log.Snapshot()[OutputType.Stdout].Length);
    }

    [Fact]
    public async Task With_too_many_open_files_what_is_open_goes_on_and_the_rest_is_refused_until_later()
    {
        await using var store = Open();
        var log = await store.NewSession();
        var lease = await log.Lease();
        var bytes = LogSteps.Noise(300_000, seed: 60);
        for (var at = 0; at < bytes.Length; at += 10_000)
        {
            await log.Write(lease, bytes[at..(at + 10_000)]);
        }

        await log.MakeDurable();
        var quiet = await store.NewSession("quiet");
        await quiet.Leave(await quiet.Lease());
        await quiet.MakeDurable();
        _time.Advance(_options.IdleAfter);
        await store.MaintainAsync(Life, CancellationToken.None);
        await log.Write(lease, "open again");
        _disk.Inject = call => call.Operation is DiskOperation.Open or DiskOperation.Create ? DiskFault.TooManyFiles : null;

        await log.Write(lease, " and on");
        (await LogSteps.Refused(() => store.NewSession("one more"), RelayErrorCode.StorageFailed)).IsRetryable.Should().BeTrue();
        (await LogSteps.Refused(() => quiet.Lease("second"), RelayErrorCode.StorageFailed)).IsRetryable.Should().BeTrue();
        var read = () => Task.FromResult(log.ReadAll());
        (await LogSteps.Refused(read, RelayErrorCode.StorageFailed)).IsRetryable.Should().BeTrue();
        log.Snapshot()[OutputType.Stdout].Length.Should().Be(300_017);

        _disk.Inject = null;
        log.ReadAll().Bytes().Should().HaveCount(300_017);
        await store.NewSession("one more");
        await quiet.Lease("second");
    }

    private async Task Fill(ISessionLog log, WriterLease lease, List<byte> written, int cycle)
    {
        for (var i = 0; ; i++)
        {
            var bytes = LogSteps.Noise(3000, (cycle * 1000) + i);
            try
            {
                await log.Write(lease, bytes, offset: written.Count);
                written.AddRange(bytes);
            }
            catch (RelayException e)
            {
                e.Code.Should().Be(RelayErrorCode.StorageFull, e.ToString());
                e.IsRetryable.Should().BeTrue();
                log.Snapshot()[OutputType.Stdout].Length.Should().Be(written.Count, "all of a record is stored, or nothing");
                return;
            }
        }
    }

    private EmbeddedLogStore Open() => StoreOnDisk.Open(_options, _time, new LogLines(), _disk.Mount());
}
