using System.Diagnostics.CodeAnalysis;
using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary>What the embedded store makes of files that a kill or a power loss left behind.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The test runner calls DisposeAsync.")]
public sealed class EmbeddedRecoveryTests : IAsyncLifetime
{
    private const int Segment = 64 * 1024;
    private readonly StoreOnDisk _disk = new(options => options.SegmentBytes = Segment);

    public Task InitializeAsync() => _disk.Store.NewSession();

    public async Task DisposeAsync() => await _disk.DisposeAsync();

    [Theory]
    [InlineData(Segment)]
    [InlineData(1024 * 1024)]
    public async Task A_killed_relay_loses_nothing_of_many_segments(int segmentBytes)
    {
        await using var disk = new StoreOnDisk(options => options.SegmentBytes = segmentBytes);
        var log = await disk.Store.NewSession();
        var lease = await log.Lease();
        var written = LogSteps.Noise(3_000_000, seed: 5);
        for (int at = 0, size = 17; at < written.Length; at += size, size = (size * 31) % 70_001)
        {
            await log.Write(lease, written[at..Math.Min(at + size, written.Length)]);
        }

        await disk.KillAsync();

        var back = (await disk.Session()).ReadAll();
        back.Bytes().AsSpan().SequenceEqual(written).Should().BeTrue();
        back.Gaps.Should().BeEmpty();
        disk.Segments().Count.Should().BeGreaterThan(2);
    }

    [Fact]
    public async Task A_stop_in_good_order_needs_no_scan()
    {
        var log = await _disk.Session();
        await log.Write(await log.Lease(), LogSteps.Noise(200_000, seed: 6));

        await _disk.StopAsync();
        _disk.Log.Clear();
        await _disk.Session();

        _disk.Log.Lines.Should().ContainSingle().Which.Should().Contain("1 sessions, 0 of them scanned");
        _disk.Time.Advance(TimeSpan.FromHours(1));
        await _disk.Store.MaintainAsync(TimeSpan.FromHours(1), CancellationToken.None);
        await _disk.KillAsync();
        await _disk.Session();
        _disk.Log.Lines.Should().ContainSingle("a session that only slept is clean too").Which.Should().Contain("0 of them scanned");
    }

    [Fact]
    public async Task A_killed_relay_scans_only_what_was_written_to()
    {
        await _disk.Store.NewSession("quiet");
        var log = await _disk.Session();
        await log.Write(await log.Lease(), "x");

        await _disk.KillAsync();
        await _disk.Session();

        _disk.Log.Lines.Should().ContainSingle().Which.Should().Contain("2 sessions, 1 of them scanned");
    }

    [Fact]
    public async Task A_damaged_manifest_falls_back_to_the_one_before()
    {
        var log = await _disk.Session();
        await log.Write(await log.Lease(attempt: 1), "one\ntwo\n");
        await _disk.StopAsync();
        log = await _disk.Session();
        await log.Write(await log.Lease(attempt: 2), LogSteps.Noise(150_000, seed: 7));
        var lines = log.Snapshot()[OutputType.Stdout].Lines;
        var expected = log.ReadAll().Bytes();

        await _disk.KillAsync(() => File.WriteAllBytes(_disk.ManifestPath(), new byte[100]));

        log = await _disk.Session();
        log.ReadAll().Bytes().AsSpan().SequenceEqual(expected).Should().BeTrue();
        log.Snapshot()[OutputType.Stdout].Lines.Should().Be(lines);
        (await log.Lease(attempt: 3)).Start[0].WrittenTo.Should().Be(expected.Length);
    }

    [Fact]
    public async Task A_session_without_any_manifest_is_put_aside_and_others_live()
    {
        var log = await _disk.Session();
        await log.Write(await log.Lease(), "precious");

        await _disk.KillAsync(() =>
        {
            foreach (var path in Directory.EnumerateFiles(_disk.SessionFolder(), "manifest*"))
            {
                File.WriteAllText(path, "no manifest");
            }
        });

        (await _disk.Store.ListAsync(CancellationToken.None)).Should().BeEmpty();
        _disk.Log.ToString().Should().Contain("Error: Session folder").And.Contain("quarantine");
        Directory.EnumerateFiles(Path.Combine(_disk.Folder, "quarantine"), "*.log", SearchOption.AllDirectories).Should().ContainSingle("nothing is thrown away");
        await _disk.Store.NewSession();
    }

    [Fact]
    public async Task A_log_whose_only_segment_is_unreadable_is_called_damaged_and_not_trimmed()
    {
        var log = await _disk.Session();
        await log.Write(await log.Lease(attempt: 1), "precious");
        await _disk.StopAsync();
        using (var file = File.OpenWrite(_disk.Segments().Single()))
        {
            file.Write(new byte[SegmentHeader.PageSize]);
        }

        log = await _disk.Session();

        var lost = new { Kind = LogEntryKind.Gap, Offset = 0L, Length = 8L, Gap = GapReason.Corrupt };
        log.ReadAll().Entries.Should().ContainSingle().Which.Should().BeEquivalentTo(lost);
        log.Snapshot()[OutputType.Stdout].FirstOffset.Should().Be(0);
        await log.Write(await log.Lease(attempt: 2), " and more");
        log.ReadAll().Text().Should().Be(" and more");
        log.ReadAll().Entries[0].Should().BeEquivalentTo(lost);
    }

    [Theory]
    [InlineData("gone")]
    [InlineData("zeros")]
    [InlineData("noise")]
    [InlineData("cut")]
    public async Task Damaged_index_files_are_harmless(string damage)
    {
        await using var disk = new StoreOnDisk(options => options.SegmentBytes = 400_000);
        var log = await disk.Store.NewSession();
        var lease = await log.Lease();
        var written = LogSteps.Noise(1_000_000, seed: 8);
        for (var at = 0; at < written.Length; at += 1000)
        {
            await log.Write(lease, written[at..(at + 1000)]);
        }

        var cursor = default(ReadCursor);
        using (var reader = log.OpenReader(new ReadFrom.Offset(OutputType.Stdout, 555_000)))
        {
            reader.Read([], 1);
            cursor = reader.Cursor;
        }

        await disk.KillAsync(() =>
        {
            foreach (var path in Directory.EnumerateFiles(disk.SessionFolder(), "*.idx"))
            {
                var length = (int)new FileInfo(path).Length;
                length.Should().BePositive("there is an index to damage");
                switch (damage)
                {
                    case "gone": File.Delete(path); break;
                    case "zeros": File.WriteAllBytes(path, new byte[length]); break;
                    case "noise": File.WriteAllBytes(path, LogSteps.Noise(length, seed: 9)); break;
                    default: File.WriteAllBytes(path, File.ReadAllBytes(path)[..(length / 2)]); break;
                }
            }
        });

        log = await disk.Session();
        log.ReadAll(new ReadFrom.Offset(OutputType.Stdout, 777_777)).Bytes().AsSpan().SequenceEqual(written.AsSpan(777_777)).Should().BeTrue();
        log.ReadAll(new ReadFrom.After(cursor)).Bytes().AsSpan().SequenceEqual(written.AsSpan((int)cursor.StdoutOffset)).Should().BeTrue();
        log.ReadAll(new ReadFrom.LastLines(1000, OutputTypes.All)).Bytes().Count(b => b == '\n').Should().BeInRange(999, 1000);
        var more = LogSteps.Noise(200_000, seed: 10);
        await log.Write(await log.Lease(attempt: 2), more);
        log.ReadAll(new ReadFrom.Offset(OutputType.Stdout, 1_000_000)).Bytes().AsSpan().SequenceEqual(more).Should().BeTrue();
    }

    [Fact]
    public async Task A_log_of_many_segments_is_read_right_from_every_place()
    {
        var log = await _disk.Session();
        var lease = await log.Lease();
        var text = string.Concat(Enumerable.Range(0, 40_000).Select(i => $"line {i}\n"));
        var cursors = new List<ReadCursor>();
        using (var reader = log.OpenReader(ReadFrom.Start))
        {
            for (var at = 0; at < text.Length; at += 5000)
            {
                await log.Write(lease, text[at..Math.Min(at + 5000, text.Length)]);
                reader.ReadOn();
                cursors.Add(reader.Cursor);
            }
        }

        await _disk.StopAsync();
        log = await _disk.Session();

        _disk.Segments().Count.Should().BeGreaterThan(5);
        foreach (var cursor in cursors)
        {
            log.ReadAll(new ReadFrom.After(cursor)).Text().Should().Be(text[(int)cursor.StdoutOffset..]);
        }

        foreach (var lines in new[] { 1, 2, 99, 8_000, 20_000, 39_999, 40_000, 50_000 })
        {
            log.ReadAll(new ReadFrom.LastLines(lines, OutputTypes.All)).Text().Should().Be(LastLines(text, lines));
        }

        for (var offset = 0; offset < text.Length; offset += 9_973)
        {
            log.ReadAll(new ReadFrom.Offset(OutputType.Stdout, offset)).Text().Should().Be(text[offset..]);
        }
    }

    [Fact]
    public async Task What_power_took_beyond_the_durable_part_is_told_to_the_reader_that_saw_it()
    {
        var log = await _disk.Session();
        var lease = await log.Lease(attempt: 1);
        await log.Write(lease, "durable ");
        await log.Write(lease, "err", OutputType.Stderr);
        var within = log.ReadAll().Cursor;
        await log.MakeDurable();
        await log.Write(lease, "lost ");
        var beyond = log.ReadAll().Cursor;

        await _disk.KillAsync(() => StoreOnDisk.CutToDurable(_disk.Segments().Single()));
        log = await _disk.Session();
        var back = await log.Lease(attempt: 2);
        back.Start[0].WrittenTo.Should().Be(8);
        await log.Write(back, "sent again", offset: 8);

        var exact = log.ReadAll(new ReadFrom.After(within));
        exact.Diverged.Should().BeEmpty();
        exact.Text().Should().Be("sent again");
        var diverged = log.ReadAll(new ReadFrom.After(beyond));
        diverged.Entries[0].Kind.Should().Be(LogEntryKind.Diverged);
        diverged.Entries[0].Sequence.Should().Be(within.Sequence);
        diverged.Entries[0].Totals.Should().Equal(LogSteps.Total("durable "), LogSteps.Total("err", OutputType.Stderr));
        diverged.Text().Should().Be("sent again", "the entries behind the mark go on from what survived");
        diverged.ShouldBeContiguous(OutputType.Stdout, from: 8);
        log.ReadAll(new ReadFrom.After(diverged.Cursor)).Entries.Should().BeEmpty("the mark is shown once");
    }

    /// <summary>Two power losses in a row, with nothing durable between them: the second history must not pass for the first.</summary>
    [Fact]
    public async Task A_history_that_was_lost_twice_is_never_taken_for_the_one_that_followed()
    {
        var log = await _disk.Session();
        var lease = await log.Lease(attempt: 1);
        await log.Write(lease, "durable ");
        await log.MakeDurable();
        var cursors = new List<ReadCursor>();
        for (var loss = 1; loss <= 3; loss++)
        {
            await log.Write(lease, $"lost {loss} ");
            await log.Write(lease, $"and more {loss} ");
            cursors.Add(log.ReadAll().Cursor);
            await _disk.KillAsync(() => StoreOnDisk.CutToDurable(_disk.Segments().Single()));
            log = await _disk.Session();
            lease = await log.Lease(attempt: loss + 1);
        }

        for (var i = 0; i < 10; i++)
        {
            await log.Write(lease, $"{i}");
        }

        foreach (var cursor in cursors)
        {
            var back = log.ReadAll(new ReadFrom.After(cursor));
            back.Entries[0].Kind.Should().Be(LogEntryKind.Diverged, "what this cursor saw is no longer part of the log");
            back.Entries[0].Totals![0].Should().Be(LogSteps.Total("durable "));
            back.Text().Should().Be("0123456789");
        }
    }

    [Fact]
    public async Task When_everything_was_lost_a_cursor_of_the_lost_history_is_told_so()
    {
        var log = await _disk.Session();
        var lease = await log.Lease(attempt: 1);
        await log.Write(lease, "lost");
        var cursor = log.ReadAll().Cursor;

        await _disk.KillAsync(() => StoreOnDisk.CutToDurable(_disk.Segments().Single()));
        log = await _disk.Session();
        lease = await log.Lease(attempt: 1);
        lease.Start[0].WrittenTo.Should().Be(0);
        await log.Write(lease, "another history");
        await log.Write(lease, " altogether");

        var back = log.ReadAll(new ReadFrom.After(cursor));
        back.Entries[0].Kind.Should().Be(LogEntryKind.Diverged);
        back.Text().Should().Be("another history altogether");
    }

    [Fact]
    public async Task A_newer_folder_format_is_refused_in_words()
    {
        await _disk.StopAsync();
        await File.WriteAllTextAsync(Path.Combine(_disk.Folder, "format"), "2\n");

        var open = () => _disk.Open();

        open.Should().Throw<StoreUnavailableException>().Which.Message.Should().Contain(_disk.Folder).And.Contain("'2'").And.Contain("newer relay");
        await File.WriteAllTextAsync(Path.Combine(_disk.Folder, "format"), "1\n");
        _disk.Open().Should().NotBeNull("the refusal left the folder free");
    }

    [Fact]
    public async Task A_session_of_a_newer_format_stops_the_start_and_is_left_alone()
    {
        await _disk.StopAsync();
        var manifest = SessionManifest.Load(new LocalFileSystem(), _disk.SessionFolder())!;
        (manifest with { Format = 2 }).Save(new LocalFileSystem(), _disk.SessionFolder(), durable: false);
        var before = await File.ReadAllBytesAsync(_disk.ManifestPath());

        var open = () => _disk.Open();

        open.Should().Throw<StoreUnavailableException>().WithMessage("*manifest format 2*newer relay*");
        (await File.ReadAllBytesAsync(_disk.ManifestPath())).Should().Equal(before);
    }

    [Fact]
    public async Task A_second_store_on_the_same_folder_is_refused_and_told_who_holds_it()
    {
        var open = () => _disk.Open();

        open.Should().Throw<StoreUnavailableException>().Which.Message.Should().Contain(_disk.Folder).And.Contain($"process {Environment.ProcessId}").And.Contain("--data");
        var log = await _disk.Session();
        await log.Write(await log.Lease(), "the first one goes on");
        await _disk.StopAsync();
        open.Should().NotThrow();
    }

    private static string LastLines(string text, int lines)
    {
        var at = text.Length;
        for (var i = 0; i < lines && at > 0; i++)
        {
            at = text.LastIndexOf('\n', at - 2 < 0 ? 0 : at - 2) + 1;
        }

        return text[at..];
    }
}
