using System.Text;
using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Lines;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Tests.Storage;
using Xunit;

namespace Relay.Tests.Lines;

public sealed class LinePagesTests
{
    private const int SegmentBytes = 128 * 1024;

    private static readonly OutputType[][] Views = [[OutputType.Stdout, OutputType.Stderr], [OutputType.Stdout], [OutputType.Stderr]];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Any_window_has_the_lines_that_were_written_whatever_lies_before_it(int seed)
    {
        var (disk, log) = await StoreOnDisk.WithSession(options => options.SegmentBytes = SegmentBytes);
        await using var _ = disk;
        var random = new Random(seed);
        var written = new WrittenLines(log, await log.Lease(), disk.Time);
        await written.WriteAtRandom(random, 1500);

        foreach (var outputs in Views)
        {
            var lines = written.Lines.Where(line => outputs.Contains(line.Output)).ToList();
            for (var i = 0; i < 60; i++)
            {
                var (first, count) = (random.Next(lines.Count), random.Next(1, 50));

                var page = Read(log, outputs, first, count);

                // A page may end early where lines are long.
                var expected = lines.Skip(first).Take(Math.Min(count, page.Entries.Count));
                page.Entries.Should().NotBeEmpty();
                page.Entries.ShouldBe(expected.Select(line => line.ToEntry()), $"lines {first}–{first + count} of {string.Join('+', outputs)}, seed {seed}");
            }
        }
    }

    [Fact]
    public async Task Lines_that_lie_apart_come_together()
    {
        var (disk, log) = await StoreOnDisk.WithSession(options => options.SegmentBytes = SegmentBytes);
        await using var _ = disk;
        var random = new Random(1);
        var written = new WrittenLines(log, await log.Lease(), disk.Time);
        await written.WriteAtRandom(random, 1500);

        foreach (var outputs in Views)
        {
            var lines = written.Lines.Where(line => outputs.Contains(line.Output)).ToList();
            var at = Enumerable.Range(0, lines.Count).Where(_ => random.Next(40) == 0).Select(position => (long)position).Take(30).ToList();

            var page = LinePages.Read(log, new LinesRequest { At = at }, outputs);

            page.Entries.ShouldBe(at.Select(position => lines[(int)position].ToEntry()));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_page_from_the_end_reaches_to_the_tail_and_a_reader_goes_on_from_its_cursor(int seed)
    {
        var (disk, log) = await StoreOnDisk.WithSession(options => options.SegmentBytes = SegmentBytes);
        await using var _ = disk;
        var random = new Random(seed);
        var written = new WrittenLines(log, await log.Lease(), disk.Time);
        for (var round = 0; round < 20; round++)
        {
            await written.WriteAtRandom(random, 60);
            foreach (var outputs in Views)
            {
                var lines = written.Lines.Where(line => outputs.Contains(line.Output)).ToList();

                var page = Read(log, outputs, -7, 0);

                page.Entries.ShouldBe(lines.TakeLast(page.Entries.Count).Select(line => line.ToEntry()));
                page.Entries.Should().HaveCount(Math.Min(7, lines.Count));
                page.Outputs.Where(place => place.Open is not null).Select(place => place.Open!).ShouldBe(
                    written.Open.Where(line => outputs.Contains(line.Output)).Select(line => line.ToEntry(ends: false)), $"round {round}");
                page.Outputs.Sum(place => place.Lines).Should().Be(written.Lines.Count);
                log.ReadAll(new ReadFrom.After(ReadCursor.Parse(page.Cursor))).Entries.Should().BeEmpty();
            }
        }
    }

    [Fact]
    public async Task A_line_of_many_megabytes_is_found_in_the_middle_of_the_others_and_does_not_have_to_be_read()
    {
        var (disk, log) = await StoreOnDisk.WithSession();
        await using var _ = disk;
        var written = new WrittenLines(log, await log.Lease(), disk.Time);
        await written.Write(OutputType.Stdout, "first\n");
        for (var i = 0; i < 20; i++)
        {
            await written.Write(OutputType.Stdout, new string((char)('a' + i), 1024 * 1024));
            await written.Write(OutputType.Stderr, $"beside it {i}\n");
        }

        await written.Write(OutputType.Stdout, "its end\nlast\n");

        Read(log, [OutputType.Stdout], 1, 2).Entries.ShouldBe(written.Lines.Where(line => line.Output == OutputType.Stdout).Skip(1).Select(line => line.ToEntry()));
        Read(log, [OutputType.Stdout], 1, 2).Entries[0].Omitted.Should().BeGreaterThan(19 * 1024 * 1024);
        Read(log, LogSteps.Both, 21, 5).Entries.ShouldBe(written.Lines.Skip(21).Select(line => line.ToEntry()));
    }

    [Fact]
    public async Task A_bar_that_is_redrawn_for_megabytes_has_its_last_state_and_its_count()
    {
        var (disk, log) = await StoreOnDisk.WithSession();
        await using var _ = disk;
        var lease = await log.Lease();
        var bar = new StringBuilder();
        for (var i = 0; i < 200_000; i++)
        {
            bar.Append($"\r{i / 2000} % [{new string('=', i / 10_000)}]");
        }

        await log.Write(lease, "before\n");
        foreach (var piece in bar.ToString().Chunk(40_000))
        {
            await log.Write(lease, new string(piece));
        }

        var open = Read(log, LogSteps.Both, -1, 0).Outputs[0].Open!;
        Encoding.UTF8.GetString(open.Head.Span).Should().Be("99 % [===================]");
        open.Should().BeEquivalentTo(new { Omitted = 0L, Redraws = 199_999L, Length = (long)bar.Length });
    }

    [Fact]
    public async Task Bytes_that_the_writer_lost_stand_as_a_gap_in_their_place_also_at_the_begin_of_a_page()
    {
        var (disk, log) = await StoreOnDisk.WithSession();
        await using var _ = disk;
        var lease = await log.Lease();
        await log.Write(lease, "one\ntwo\nthr");
        await log.AppendGapAsync(lease, OutputType.Stdout, 11, 500, CancellationToken.None);
        await log.Write(lease, "ee\nfour\n");

        string[] broken = ["2/2 Stdout 8+3", "gap Stdout 11+500 LostByWriter", "2/2 Stdout 511+2"];
        Words(Read(log, LogSteps.Both, 0, 10)).Should().Equal(["0/0 Stdout 0+3", "1/1 Stdout 4+3", .. broken, "3/3 Stdout 514+4"]);
        Words(Read(log, LogSteps.Both, 2, 1)).Should().Equal(broken);
        Words(Read(log, LogSteps.Both, -2, 0)).Should().Contain("gap Stdout 11+500 LostByWriter");

        static IEnumerable<string> Words(LinePage page) => page.Entries.Select(entry => entry.Describe().Split(" at ")[0]);
    }

    [Fact]
    public async Task What_retention_took_is_told_before_the_first_line_that_is_left_and_numbers_stay()
    {
        var (disk, log) = await StoreOnDisk.WithSession(options => (options.SegmentBytes, options.MaxSessionBytes) = (64 * 1024, 200_000));
        await using var _ = disk;
        var written = new WrittenLines(log, await log.Lease(), disk.Time);
        for (var i = 0; i < 6000; i++)
        {
            await written.Write(i % 5 == 0 ? OutputType.Stderr : OutputType.Stdout, $"line {i} {new string('x', 60)}\n");
        }

        await log.MakeDurable();
        log.TrimTo(200_000);

        var page = Read(log, LogSteps.Both, 0, 10);

        var first = page.Outputs.Sum(place => place.FirstLine);
        first.Should().BePositive();
        page.Entries.Where(entry => entry.Kind == LogEntryKind.Gap).Should().HaveCount(2).And.OnlyContain(gap => gap.Gap == GapReason.Trimmed);
        page.Entries.Where(entry => entry.Kind == LogEntryKind.Data).ShouldBe(written.Lines.Skip((int)first).Take(10).Select(line => line.ToEntry()));
        Read(log, LogSteps.Both, first + 100, 3).Entries.ShouldBe(written.Lines.Skip((int)first + 100).Take(3).Select(line => line.ToEntry()));
        Read(log, [OutputType.Stderr], -3, 0).Entries.ShouldBe(written.Lines.Where(line => line.Output == OutputType.Stderr).TakeLast(3).Select(line => line.ToEntry()));

        var kept = page.Entries.First(entry => entry.Ends).Number;
        long[] at = [0, 3, 5, kept - 2, kept, kept + 2, kept + 50];
        LinePages.Read(log, new LinesRequest { At = at }, LogSteps.Both).Entries.Select(entry => entry.Number).Should().Equal([kept, kept + 2, kept + 50], "what is gone is passed over, and nothing comes twice");
    }

    [Fact]
    public async Task Lines_that_are_not_there_make_an_empty_page()
    {
        var (disk, log) = await StoreOnDisk.WithSession();
        await using var _ = disk;

        Read(log, LogSteps.Both, -10, 0).Entries.Should().BeEmpty();
        Read(log, LogSteps.Both, 5, 10).Entries.Should().BeEmpty();
        await log.Write(await log.Lease(), "only\n");
        Read(log, LogSteps.Both, 1, 10).Entries.Should().BeEmpty();
        Read(log, [OutputType.Stderr], 0, 10).Entries.Should().BeEmpty();
    }

    private static LinePage Read(ISessionLog log, IReadOnlyList<OutputType> outputs, long first, int count) =>
        LinePages.Read(log, new LinesRequest { First = first, Count = count }, outputs);
}
