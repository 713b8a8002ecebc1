using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary>
/// What becomes durable and when, step by step: one log without the store's flusher, so that nothing is forced to the disk before the test says so.
/// Promise 1: power loss takes no durable byte, and what was not durable the writer sends again.
/// </summary>
public sealed class EmbeddedPowerLossTests : IDisposable
{
    private const int SegmentBytes = 64 * 1024;
    private readonly TempFolder _temp = new();
    private readonly LocalFileSystem _files = new();
    private readonly FakeTime _time = new();
    private readonly FlushNotes _queue = new();
    private readonly StorageOptions _options = new() { SegmentBytes = SegmentBytes };
    private readonly byte[] _written = LogSteps.Noise(300_000, seed: 11);

    private string Folder => _temp["log"];

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task A_power_loss_right_after_a_new_segment_began_leaves_no_gap_in_what_the_writer_still_holds()
    {
        var log = Create();
        var lease = await log.Lease("run", attempt: 1);
        await WriteOn(log, lease, upTo: 3000);
        log.Flush();
        await WriteOn(log, lease, upTo: 80_000);
        Segments().Should().HaveCount(2);

        // At worst the new file and its first page reached the disk, and of the old one only what had been durable before it was full.
        Truncate(Segments()[0], StoreOnDisk.WatermarkOf(Segments()[0]).Position);
        await ShouldGoOnWithoutGap(Load(), atLeast: 3000, atMost: 3000);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_power_loss_that_tears_any_of_several_segments_leaves_no_gap(int torn)
    {
        var log = Create();
        var lease = await log.Lease("run", attempt: 1);
        await WriteOn(log, lease, upTo: 200_000);
        Segments().Should().HaveCountGreaterThan(3);

        Truncate(Segments()[torn], SegmentHeader.PageSize + 30_000);
        await ShouldGoOnWithoutGap(Load(), atLeast: 20_000, atMost: (torn + 1) * SegmentBytes);
    }

    [Fact]
    public async Task What_was_durable_in_a_full_segment_is_not_thrown_away_with_what_follows()
    {
        var log = Create();
        var lease = await log.Lease("run", attempt: 1);
        await WriteOn(log, lease, upTo: 80_000);
        log.Flush();
        await WriteOn(log, lease, upTo: 90_000);

        // Rot, not a torn tail: the next segment's watermark says that all of this one had been durable.
        Flip(Segments()[0], SegmentHeader.PageSize + 30_000);
        log = Load();
        var back = log.ReadAll();

        back.ShouldBeTrueTo(_written, OutputType.Stdout);
        back.ShouldBeContiguous(OutputType.Stdout).Should().Be(90_000);
        back.Gaps.Should().ContainSingle().Which.Length.Should().Be(1000);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(80)]
    public async Task Durable_bytes_survive_when_every_file_is_cut_to_what_was_forced(int flushes)
    {
        var log = Create();
        var lease = await log.Lease("run", attempt: 1);
        for (var i = 1; i <= flushes; i++)
        {
            await WriteOn(log, lease, upTo: i * 2000);
            log.Flush();
        }

        await WriteOn(log, lease, upTo: (flushes * 2000) + 1000);
        StoreOnDisk.CutToDurable(Segments()[^1]);

        log = Load();
        log.Snapshot()[OutputType.Stdout].Length.Should().Be(flushes * 2000);
        log.Snapshot()[OutputType.Stdout].Lines.Should().Be(_written.AsSpan(0, flushes * 2000).Count((byte)'\n'));
        log.ReadAll().Bytes().AsSpan().SequenceEqual(_written.AsSpan(0, flushes * 2000)).Should().BeTrue();
    }

    [Fact]
    public async Task A_failed_sync_costs_the_lease_and_the_next_attempt_sends_again_what_was_not_durable()
    {
        var log = Create();
        var lease = await log.Lease("run", attempt: 1);
        await WriteOn(log, lease, upTo: 10_000);
        log.Flush();
        var durable = log.ReadAll();
        await WriteOn(log, lease, upTo: 80_000);
        using var follower = log.OpenReader(ReadFrom.Start);
        follower.ReadOn();
        var beyond = follower.Cursor;

        BreakWriter(log);
        log.Flush();

        _queue.Failures.Should().ContainSingle();
        lease.LossReason!.Code.Should().Be(RelayErrorCode.StorageFailed);
        await LogSteps.Refused(() => log.Write(lease, "x"), RelayErrorCode.StorageFailed);
        await LogSteps.Refused(() => log.FlushAsync(CancellationToken.None), RelayErrorCode.StorageFailed);

        var back = await log.Lease("run", attempt: 2);
        (back.Start[0].WrittenTo, back.Start[0].DurableTo).Should().Be((10_000, 10_000));
        await WriteOn(log, back, upTo: 90_000);
        log.Flush();
        log.ReadAll().Bytes().AsSpan().SequenceEqual(_written.AsSpan(0, 90_000)).Should().BeTrue();
        var told = follower.ReadOn();
        told.Entries[0].Kind.Should().Be(LogEntryKind.Diverged);
        told.Entries[0].Totals![0].Bytes.Should().Be(10_000);
        told.Bytes().AsSpan().SequenceEqual(_written.AsSpan(10_000, 80_000)).Should().BeTrue();
        log.ReadAll(new ReadFrom.After(beyond)).Entries[0].Kind.Should().Be(LogEntryKind.Diverged);
        log.ReadAll(new ReadFrom.After(durable.Cursor)).Diverged.Should().BeEmpty();
        log.Shutdown();
        Load().ReadAll().Bytes().Should().HaveCount(90_000);
    }

    [Fact]
    public async Task A_completion_whose_sync_failed_is_stored_by_the_next_attempt()
    {
        var log = Create();
        var lease = await log.Lease("run", attempt: 1);
        await WriteOn(log, lease, upTo: 10_000);
        log.Flush();
        await log.Complete(lease, 7);
        BreakWriter(log);
        log.Flush();
        log.Snapshot().Completion.Should().NotBeNull("it was written, but is not durable");

        var back = await log.Lease("run", attempt: 2);
        log.Snapshot().Completion.Should().BeNull("what was not durable is taken back");
        (await log.Complete(back, 7)).ExitCode.Should().Be(7);
        log.Flush();
        await log.FlushAsync(CancellationToken.None);

        log.Shutdown();
        Load().Snapshot().Completion!.ExitCode.Should().Be(7);
    }

    [Fact]
    public async Task A_failed_sync_of_the_very_first_bytes_leaves_an_empty_log_that_works()
    {
        var log = Create();
        await WriteOn(log, await log.Lease("run", attempt: 1), upTo: 5000);
        BreakWriter(log);
        log.Flush();

        var back = await log.Lease("run", attempt: 2);
        back.Start[0].WrittenTo.Should().Be(0);
        await WriteOn(log, back, upTo: 6000);
        log.Flush();

        log.ReadAll().Bytes().AsSpan().SequenceEqual(_written.AsSpan(0, 6000)).Should().BeTrue();
        log.Snapshot()[OutputType.Stdout].DurableTo.Should().Be(6000);
    }

    [Fact]
    public async Task A_recovery_that_fails_itself_can_be_tried_again()
    {
        var log = Create();
        var lease = await log.Lease("run", attempt: 1);
        await WriteOn(log, lease, upTo: 2000);
        log.Flush();
        await WriteOn(log, lease, upTo: 4000);
        BreakWriter(log);
        log.Flush();
        var hidden = Segments()[0] + ".hidden";
        File.Move(Segments()[0], hidden);

        await LogSteps.Refused(() => log.Lease("run", attempt: 2), RelayErrorCode.StorageFailed);
        File.Move(hidden, hidden[..^".hidden".Length]);

        var back = await log.Lease("run", attempt: 2);
        back.Start[0].WrittenTo.Should().Be(2000);
        await WriteOn(log, back, upTo: 5000);
        log.ReadAll().Bytes().AsSpan().SequenceEqual(_written.AsSpan(0, 5000)).Should().BeTrue();
    }

    [Fact]
    public async Task A_failed_sync_of_a_reopened_empty_segment_loses_nothing_later()
    {
        var log = Create();
        await WriteOn(log, await log.Lease("run", attempt: 1), upTo: 2000);
        Truncate(Segments()[0], SegmentHeader.PageSize);
        log = Load();
        await WriteOn(log, await log.Lease("run", attempt: 1), upTo: 2000);
        BreakWriter(log);
        log.Flush();

        await WriteOn(log, await log.Lease("run", attempt: 2), upTo: 100_000);
        log.Flush();

        log.Segments().Select(segment => segment.Path).Should().OnlyHaveUniqueItems("two segments in one file would be trimmed together");
        log.ReadAll().Bytes().AsSpan().SequenceEqual(_written.AsSpan(0, 100_000)).Should().BeTrue();
    }

    /// <summary>Activity is saved without a sync, and a file that was not synced may be empty after a power loss: one that was must always stay.</summary>
    [Fact]
    public async Task However_often_activity_is_saved_a_manifest_that_was_forced_to_the_disk_stays()
    {
        var log = Create();
        await WriteOn(log, await log.Lease("run", attempt: 1), upTo: 1000);
        log.Flush();
        for (var i = 1; i <= 3; i++)
        {
            await log.SaveActivityAsync(_time.GetUtcNow().AddMinutes(i), CancellationToken.None);
        }

        Truncate(Path.Combine(Folder, SessionManifest.FileName), 0);
        var after = Load();

        after.StoredActivityAt.Should().Be(log.CreatedAt, "the version that is left is the last one that was forced");
        after.ReadAll().Bytes().Should().HaveCount(1000);
        await WriteOn(after, await after.Lease("run", attempt: 2), upTo: 2000);
        Load().ReadAll().Bytes().Should().HaveCount(2000);
    }

    /// <summary>Only the store takes a folder away, and only after it was moved aside: its place may belong to another session by then.</summary>
    [Fact]
    public async Task The_last_reader_of_an_ended_session_leaves_a_folder_alone_that_was_not_moved_yet()
    {
        var log = Create();
        await WriteOn(log, await log.Lease(), upTo: 1000);
        var reader = log.OpenReader(ReadFrom.Start);

        log.TryEnd(EndReason.Deleted, unlessHeld: false).Should().BeTrue();
        reader.Dispose();

        Directory.Exists(Folder).Should().BeTrue();
        Directory.Move(Folder, _temp["trash"]);
        log.MovedTo(_temp["trash"]);
        Directory.Exists(_temp["trash"]).Should().BeFalse("nobody reads it any more");
    }

    private EmbeddedSessionLog Create()
    {
        Directory.CreateDirectory(Folder);
        return EmbeddedSessionLog.Create(_files, Folder, "nightly", new Dictionary<string, string>(StringComparer.Ordinal), null, _options, _time, _queue);
    }

    /// <summary>Loads the log as the next process would; the one before is abandoned.</summary>
    private EmbeddedSessionLog Load() => EmbeddedSessionLog.Load(_files, Folder, _temp["quarantine"], _options, _time, _queue, new RecoveryLog())!;

    private List<string> Segments() => [.. Directory.EnumerateFiles(Folder, "*.log").Order(StringComparer.Ordinal)];

    private async Task WriteOn(EmbeddedSessionLog log, WriterLease lease, int upTo)
    {
        for (var at = (int)log.Snapshot()[OutputType.Stdout].Length; at < upTo; at += 1000)
        {
            await log.Write(lease, _written[at..Math.Min(at + 1000, upTo)], offset: at);
        }
    }

    private async Task ShouldGoOnWithoutGap(EmbeddedSessionLog log, int atLeast, int atMost)
    {
        var lease = await log.Lease("run", attempt: 2);
        lease.Start[0].WrittenTo.Should().BeInRange(atLeast, atMost, "the log goes on where its unbroken part ends");
        lease.Start[0].Stored.Should().Be(lease.Start[0].WrittenTo);
        await WriteOn(log, lease, upTo: _written.Length);
        var all = log.ReadAll();
        all.Gaps.Should().BeEmpty();
        all.Bytes().AsSpan().SequenceEqual(_written).Should().BeTrue();
        log.Snapshot()[OutputType.Stdout].Crc32C.Should().Be(Crc32C.Append(0, _written));
        var verdict = await log.Complete(lease, 0, new OutputTotal(OutputType.Stdout, _written.Length, Crc32C.Append(0, _written)));
        verdict.Verdicts[OutputType.Stdout].Should().Be(Verdict.Verified);
    }

    /// <summary>The next sync of the log's open file fails, as on a disk that went away.</summary>
    private static void BreakWriter(EmbeddedSessionLog log) =>
        ((IDisposable)typeof(EmbeddedSessionLog).GetField("_writer", System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance)!.GetValue(log)!).Dispose();

    private static void Truncate(string path, long length)
    {
        using var file = File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.SetLength(length);
    }

    private static void Flip(string path, long at)
    {
        using var file = File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Position = at;
        var value = file.ReadByte();
        file.Position = at;
        file.WriteByte((byte)(value ^ 4));
    }

    /// <summary>Notes what is asked for and does nothing.</summary>
    private sealed class FlushNotes : IFlushQueue
    {
        public List<Exception> Failures { get; } = [];

        public void Request(EmbeddedSessionLog log, bool urgent)
        {
            // Nothing is flushed before the test says so.
        }

        public void Failed(EmbeddedSessionLog log, Exception failure) => Failures.Add(failure);
    }
}
