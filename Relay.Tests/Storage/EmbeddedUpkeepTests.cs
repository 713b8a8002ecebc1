using System.Diagnostics.CodeAnalysis;
using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary>Retention, idle sessions, and a full disk.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The test runner calls DisposeAsync.")]
public sealed class EmbeddedUpkeepTests : IAsyncLifetime
{
    private const int Segment = 64 * 1024;
    private static readonly TimeSpan Ttl = TimeSpan.FromHours(1);
    private readonly StoreOnDisk _disk = new(options => options.SegmentBytes = Segment);

    public Task InitializeAsync() => _disk.Store.NewSession();

    public async Task DisposeAsync() => await _disk.DisposeAsync();

    [Fact]
    public async Task Retention_trims_the_oldest_segments_and_every_reader_is_told()
    {
        _disk.Options.MaxSessionBytes = 200_000;
        var log = await _disk.Session();
        var lease = await log.Lease();
        var written = LogSteps.Noise(1_000_000, seed: 20);
        using var behind = log.OpenReader(ReadFrom.Start);
        await log.Write(lease, written[..1000]);
        var first = behind.ReadOn();
        for (var at = 1000; at < written.Length; at += 1000)
        {
            await log.Write(lease, written[at..(at + 1000)]);
        }

        await log.MakeDurable();
        await _disk.Store.MaintainAsync(Ttl, CancellationToken.None);

        log.StoredBytes.Should().BeLessThan(200_000 + (2 * Segment), "retention works by whole segments");
        foreach (var (back, from) in new[] { (behind.ReadOn(), 1000), (log.ReadAll(), 0), (log.ReadAll(new ReadFrom.After(first.Cursor)), 1000), (log.ReadAll(new ReadFrom.Offset(OutputType.Stdout, 500)), 500) })
        {
            back.ShouldBeTrueTo(written, OutputType.Stdout, from);
            back.ShouldBeContiguous(OutputType.Stdout, from).Should().Be(written.Length);
            back.Gaps.Should().NotBeEmpty().And.OnlyContain(gap => gap.Gap == GapReason.Trimmed);
            back.Bytes().Should().HaveCountGreaterThan(100_000, "what retention leaves is read");
        }

        log.ReadAll(new ReadFrom.Offset(OutputType.Stdout, 950_123)).Bytes().AsSpan().SequenceEqual(written.AsSpan(950_123)).Should().BeTrue();
        var tail = log.ReadAll(new ReadFrom.LastLines(100, OutputTypes.All)).Bytes();
        tail.AsSpan().SequenceEqual(written.AsSpan(written.Length - tail.Length)).Should().BeTrue();
        tail.Count(b => b == '\n').Should().BeInRange(99, 100);
        log.ReadAll(new ReadFrom.LastLines(1_000_000, OutputTypes.All)).Bytes().Should().HaveCountGreaterThan(100_000);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_trimmed_log_keeps_its_numbers_over_a_restart(bool cleanly)
    {
        _disk.Options.MaxSessionBytes = 150_000;
        var log = await _disk.Session();
        var other = await log.Lease("other");
        await log.Write(other, "before");
        await log.Leave(other);
        var lease = await log.Lease("run", attempt: 1);
        var written = LogSteps.Noise(600_000, seed: 21);
        for (var at = 0; at < written.Length; at += 1000)
        {
            await log.Write(lease, written[at..(at + 1000)]);
        }

        await log.MakeDurable();
        await _disk.Store.MaintainAsync(Ttl, CancellationToken.None);
        await (cleanly ? _disk.StopAsync() : _disk.KillAsync());

        log = await _disk.Session();
        log.ReadAll().Gaps.Should().ContainSingle().Which.Gap.Should().Be(GapReason.Trimmed);
        lease = await log.Lease("run", attempt: 2);
        (lease.Start[0].WrittenTo, lease.Start[0].Base, lease.Start[0].Stored).Should().Be((600_006, 6, 600_000));
        log.Snapshot()[OutputType.Stdout].Lines.Should().Be(written.Count(b => b == '\n'));
        var verdict = await log.Complete(lease, 0, new OutputTotal(OutputType.Stdout, written.Length, Crc32C.Append(0, written)));
        verdict.Verdicts[OutputType.Stdout].Should().Be(Verdict.Verified);
    }

    [Fact]
    public async Task The_total_limit_takes_from_the_largest_session()
    {
        _disk.Options.MaxTotalBytes = 500_000;
        var large = await _disk.Session();
        var small = (EmbeddedSessionLog)await _disk.Store.NewSession("small");
        await Fill(large, 800_000);
        await Fill(small, 150_000);
        var smallBytes = small.StoredBytes;

        await _disk.Store.MaintainAsync(Ttl, CancellationToken.None);

        (large.StoredBytes + small.StoredBytes).Should().BeLessThan(500_000 + (2 * Segment));
        small.StoredBytes.Should().Be(smallBytes);
        small.ReadAll().Gaps.Should().BeEmpty();
        large.ReadAll().ShouldBeContiguous(OutputType.Stdout).Should().Be(800_000);
    }

    [Fact]
    public async Task A_reader_in_the_middle_of_a_segment_that_is_trimmed_reads_it_to_its_end()
    {
        var log = await _disk.Session();
        await Fill(log, 300_000);
        await _disk.StopAsync();
        log = await _disk.Session();
        using var reader = log.OpenReader(ReadFrom.Start);
        var batch = new List<LogEntry>();
        reader.Read(batch, 1000).Should().BeTrue();

        log.TrimTo(1).Should().BePositive();

        var rest = reader.ReadOn();
        rest.ShouldBeContiguous(OutputType.Stdout, batch.Sum(entry => entry.Data.Length)).Should().Be(300_000);
        rest.Gaps.Should().ContainSingle().Which.Gap.Should().Be(GapReason.Trimmed);
    }

    [Fact]
    public async Task An_idle_session_holds_no_file_and_goes_on_when_it_is_needed()
    {
        var log = await _disk.Session();
        var lease = await log.Lease();
        await log.Write(lease, "before ");
        await log.MakeDurable();
        OpenFiles().Should().BePositive();

        _disk.Time.Advance(_disk.Options.IdleAfter - TimeSpan.FromSeconds(1));
        await _disk.Store.MaintainAsync(Ttl, CancellationToken.None);
        OpenFiles().Should().BePositive("it is not idle yet");
        _disk.Time.Advance(TimeSpan.FromSeconds(1));
        await _disk.Store.MaintainAsync(Ttl, CancellationToken.None);

        OpenFiles().Should().Be(0);
        log.ReadAll().Text().Should().Be("before ");
        OpenFiles().Should().Be(0, "a reader that left leaves nothing behind");
        await log.Write(lease, "after");
        log.ReadAll().Text().Should().Be("before after");
        await log.MakeDurable();
        await _disk.KillAsync();
        (await _disk.Session()).ReadAll().Text().Should().Be("before after");
    }

    [Fact]
    public async Task A_stopped_store_holds_no_file_at_all()
    {
        var log = await _disk.Session();
        await Fill(log, 200_000);
        using (var reader = log.OpenReader(ReadFrom.Start))
        {
            reader.ReadOn();
        }

        await _disk.StopAsync();

        OpenFiles(all: true).Should().Be(0);
    }

    [TinyDiskFact]
    public async Task A_full_disk_refuses_appends_lets_readers_read_and_heals_without_a_restart()
    {
        using var tiny = new TinyDisk();
        await using var disk = new StoreOnDisk(options => options.SegmentBytes = Segment) { Options = { DataFolder = Path.Combine(tiny.Path, "data") } };
        var log = (EmbeddedSessionLog)await disk.Store.NewSession();
        var lease = await log.Lease(attempt: 1);
        using var follower = log.OpenReader(ReadFrom.Start);
        var written = LogSteps.Noise(4_000_000, seed: 22);
        var at = 0L;
        RelayException? failure = null;
        while (failure is null && at < written.Length)
        {
            try
            {
                at = await log.Write(lease, written[(int)at..((int)at + 10_000)], offset: at);
            }
            catch (RelayException e)
            {
                failure = e;
            }
        }

        failure!.Code.Should().Be(RelayErrorCode.StorageFull, failure.ToString());
        failure.IsRetryable.Should().BeTrue();
        tiny.TakeTheRest();
        at = log.Snapshot()[OutputType.Stdout].Length;
        follower.ReadOn().Bytes().AsSpan().SequenceEqual(written.AsSpan(0, (int)at)).Should().BeTrue();
        var late = log.ReadAll();
        late.Bytes().AsSpan().SequenceEqual(written.AsSpan(0, (int)at)).Should().BeTrue();
        await log.SaveActivityAsync(disk.Time.GetUtcNow().AddMinutes(1), CancellationToken.None);
        await disk.Store.MaintainAsync(Ttl, CancellationToken.None);
        var refused = () => disk.Store.NewSession("one more");
        (await refused.Should().ThrowAsync<RelayException>()).Which.Code.Should().Be(RelayErrorCode.StorageFull);

        await LogSteps.Refused(() => log.Write(lease, written[(int)at..((int)at + 5000)], offset: at), RelayErrorCode.StorageFull);

        tiny.MakeRoom();
        for (; at < 3_000_000; at = await log.Write(lease, written[(int)at..Math.Min((int)at + 10_000, 3_000_000)], offset: at))
        {
        }

        log.ReadAll().Bytes().AsSpan().SequenceEqual(written.AsSpan(0, 3_000_000)).Should().BeTrue();
        follower.ReadOn();
        follower.Cursor.StdoutOffset.Should().Be(3_000_000);
        await log.MakeDurable();
        await disk.Store.NewSession("one more");
        await disk.StopAsync();
        (await disk.Session()).ReadAll().Bytes().Should().HaveCount(3_000_000);
    }

    [TinyDiskFact]
    public async Task A_deletion_gives_the_bytes_of_a_disk_back_that_is_full_to_the_last_one()
    {
        using var tiny = new TinyDisk();
        await using var disk = new StoreOnDisk(options => options.SegmentBytes = Segment) { Options = { DataFolder = Path.Combine(tiny.Path, "data") } };
        var doomed = (EmbeddedSessionLog)await disk.Store.NewSession("doomed");
        await Fill(doomed, 1_000_000);
        tiny.TakeTheRest();

        (await disk.Store.DeleteAsync(doomed, EndReason.Deleted, unlessHeld: false, CancellationToken.None)).Should().BeTrue();

        (await disk.Store.FindTombstoneAsync("doomed", CancellationToken.None)).Should().NotBeNull();
        await Fill((EmbeddedSessionLog)await disk.Store.NewSession("next"), 900_000);
    }

    private static async Task Fill(EmbeddedSessionLog log, int bytes)
    {
        var lease = await log.Lease();
        for (var at = 0; at < bytes; at += 1000)
        {
            await log.Write(lease, LogSteps.Noise(1000, at));
        }

        await log.MakeDurable();
    }

    /// <summary>Open files of sessions; with <paramref name="all"/> also the store's own.</summary>
    private int OpenFiles(bool all = false) => Directory.EnumerateFileSystemEntries("/proc/self/fd")
        .Select(TargetOf)
        .Count(target => target.StartsWith(all ? _disk.Folder : Path.Combine(_disk.Folder, "sessions"), StringComparison.Ordinal));

    private static string TargetOf(string link)
    {
        try
        {
            return File.ResolveLinkTarget(link, returnFinalTarget: false)?.FullName ?? "";
        }
        catch (IOException)
        {
            return ""; // Closed by another test in this moment.
        }
    }
}
