using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Storage;

// Where readers begin, what they see, and in which order.
public abstract partial class LogStoreContractTests
{
    [Fact]
    public async Task A_reader_sees_both_outputs_in_the_order_in_which_they_came()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        var expected = new List<(OutputType, string)>();
        for (var i = 0; i < 100; i++)
        {
            var output = i % 3 == 0 ? OutputType.Stderr : OutputType.Stdout;
            await log.Write(lease, $"line {i}\n", output);
            expected.Add((output, $"line {i}\n"));
        }

        var back = log.ReadAll(maxBytes: 50);

        back.Data.Select(entry => (entry.Output, System.Text.Encoding.UTF8.GetString(entry.Data.Span))).Should().Equal(expected);
        back.Data.Select(entry => entry.Sequence).Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
        back.ShouldBeContiguous(OutputType.Stdout);
        back.ShouldBeContiguous(OutputType.Stderr);
    }

    [Fact]
    public async Task Entries_tell_when_the_relay_stored_them()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        var expected = new List<long>();
        for (var i = 0; i < 3; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            expected.Add(Micros(Time.GetUtcNow()));
            await log.Write(lease, "x");
        }

        log.ReadAll().Data.Select(entry => entry.TimeMicros).Should().Equal(expected);
    }

    [Fact]
    public async Task Several_readers_each_get_every_byte()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        using var early = log.OpenReader(ReadFrom.Start);
        await log.Write(lease, "one ");
        using var middle = log.OpenReader(ReadFrom.Start);
        var first = early.ReadOn().Text();
        await log.Write(lease, "two");

        (first + early.ReadOn().Text()).Should().Be("one two");
        middle.ReadOn().Text().Should().Be("one two");
        log.ReadAll().Text().Should().Be("one two");
    }

    [Fact]
    public async Task Several_readers_at_once_follow_a_busy_writer_without_a_hole_or_a_double()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        var written = LogSteps.Noise(400_000, seed: 1);

        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(() => FollowTo(log, written.Length))).ToList();
        for (int at = 0, size = 1; at < written.Length; at += size, size = 1 + ((size * 7) % 3001))
        {
            await log.Write(lease, written[at..Math.Min(at + size, written.Length)]);
        }

        foreach (var back in await Eventually.Done(Task.WhenAll(readers), "every reader comes to the end"))
        {
            back.ShouldBeTrueTo(written, OutputType.Stdout);
            back.Gaps.Should().BeEmpty();
            back.Bytes().Should().HaveCount(written.Length);
        }
    }

    [Fact]
    public async Task Readers_that_resume_all_the_time_beside_a_busy_writer_see_no_hole_and_no_double()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        var written = LogSteps.Noise(300_000, seed: 2);

        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            var all = new ReadBack();
            for (var from = ReadFrom.Start; all.Cursor.StdoutOffset < written.Length; from = new ReadFrom.After(all.Cursor))
            {
                // At once, without waiting for news: so that many a reader opens at the tail while a record is being appended there.
                using var reader = log.OpenReader(from);
                all.TakeFrom(reader);
            }

            return all;
        })).ToList();
        for (var at = 0; at < written.Length; at += 100)
        {
            await log.Write(lease, written[at..(at + 100)]);
            Thread.SpinWait(at % 7000);
        }

        foreach (var back in await Eventually.Done(Task.WhenAll(readers), "every reader comes to the end"))
        {
            back.ShouldBeTrueTo(written, OutputType.Stdout);
            back.Bytes().Should().HaveCount(written.Length);
        }
    }

    [Fact]
    public async Task A_cursor_resumes_exactly_behind_what_was_read()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        var reader = log.OpenReader(ReadFrom.Start);
        var cursors = new List<ReadCursor> { reader.Cursor };
        for (var i = 0; i < 20; i++)
        {
            await log.Write(lease, $"{i:D2}", i % 2 == 0 ? OutputType.Stdout : OutputType.Stderr);
            reader.ReadOn();
            cursors.Add(reader.Cursor);
        }

        reader.Dispose();

        for (var i = 0; i < cursors.Count; i++)
        {
            var back = log.ReadAll(new ReadFrom.After(ReadCursor.Parse(cursors[i].ToString())));
            back.Data.Select(entry => System.Text.Encoding.UTF8.GetString(entry.Data.Span)).Should().Equal(Enumerable.Range(i, 20 - i).Select(n => $"{n:D2}"));
            back.Gaps.Concat(back.Diverged).Should().BeEmpty();
        }
    }

    [Fact]
    public async Task A_reader_from_now_sees_only_what_comes()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        await log.Write(lease, "before");

        using var reader = log.OpenReader(new ReadFrom.Tail());

        reader.ReadOn().Entries.Should().BeEmpty();
        await log.Write(lease, "after");
        var back = reader.ReadOn();
        back.Text().Should().Be("after");
        back.Gaps.Should().BeEmpty();
    }

    [Fact]
    public async Task A_reader_since_a_time_begins_at_the_first_record_of_that_time()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        var times = new List<long>();
        for (var i = 0; i < 10; i++)
        {
            Time.Advance(TimeSpan.FromMinutes(1));
            times.Add(Micros(Time.GetUtcNow()));
            await log.Write(lease, $"{i}", i % 2 == 0 ? OutputType.Stdout : OutputType.Stderr);
        }

        for (var i = 0; i < 10; i++)
        {
            foreach (var since in new[] { times[i], times[i] - 1 })
            {
                var back = log.ReadAll(new ReadFrom.Since(since));
                back.Data.Select(entry => entry.TimeMicros).Should().Equal(times.Skip(i));
                back.Gaps.Should().BeEmpty();
            }
        }

        log.ReadAll(new ReadFrom.Since(times[^1] + 1)).Entries.Should().BeEmpty();
        log.ReadAll(new ReadFrom.Since(0)).Data.Should().HaveCount(10);
    }

    [Fact]
    public async Task A_reader_at_an_offset_begins_with_exactly_that_byte()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        foreach (var piece in new[] { "ab", "c", "defg", "hij" })
        {
            await log.Write(lease, piece);
            await log.Write(lease, "noise", OutputType.Stderr);
        }

        for (var offset = 0; offset <= 10; offset++)
        {
            var back = log.ReadAll(new ReadFrom.Offset(OutputType.Stdout, offset));
            back.Text().Should().Be("abcdefghij"[offset..]);
            back.ShouldBeContiguous(OutputType.Stdout, offset).Should().Be(10);
        }

        await LogSteps.Refused(() => Task.FromResult(log.ReadAll(new ReadFrom.Offset(OutputType.Stdout, 11))), RelayErrorCode.RangeNotSatisfiable);
        await LogSteps.Refused(() => Task.FromResult(log.ReadAll(new ReadFrom.Offset(OutputType.Stdout, -1))), RelayErrorCode.RangeNotSatisfiable);
    }

    [Fact]
    public async Task A_reader_at_an_offset_inside_a_gap_is_told_what_is_missing_from_there()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        await log.Write(lease, "abc");
        await log.AppendGapAsync(lease, OutputType.Stdout, 3, 10, CancellationToken.None);
        await log.Write(lease, "def");

        var back = log.ReadAll(new ReadFrom.Offset(OutputType.Stdout, 8));

        back.Gaps.Select(gap => (gap.Offset, gap.Length)).Should().Equal((8L, 5L));
        back.Text().Should().Be("def");
    }

    /// <summary>Compared with the plain way to find the last lines of a text, for every number of lines.</summary>
    [Theory]
    [InlineData("a\nb\nc\n", "x\ny\n")]
    [InlineData("a\nb\nc", "x")]
    [InlineData("a\nb\nc\n", "")]
    [InlineData("", "x\n")]
    [InlineData("\n\n\n", "\n")]
    [InlineData("no newline at all", "no newline either")]
    [InlineData("one\r\ntwo\r\n", "\n\nlast")]
    public async Task A_tail_begins_at_the_last_lines_of_each_output(string stdout, string stderr)
    {
        for (var size = 1; size <= 4; size++)
        {
            var log = await Store.NewSession($"{size}");
            var lease = await log.Lease();
            for (var at = 0; at < Math.Max(stdout.Length, stderr.Length); at += size)
            {
                await log.Write(lease, Piece(stdout, at, size));
                await log.Write(lease, Piece(stderr, at, size), OutputType.Stderr);
            }

            for (var lines = 0; lines < 6; lines++)
            {
                var back = log.ReadAll(new ReadFrom.LastLines(lines, OutputTypes.All));
                back.Text().Should().Be(LastLines(stdout, lines), $"{lines} lines of '{stdout}' in pieces of {size}");
                back.Text(OutputType.Stderr).Should().Be(LastLines(stderr, lines), $"{lines} lines of '{stderr}' in pieces of {size}");
                back.Gaps.Should().BeEmpty();
            }
        }

        static string Piece(string text, int at, int size) => at >= text.Length ? "" : text.Substring(at, Math.Min(size, text.Length - at));
    }

    [Fact]
    public async Task A_tail_goes_on_with_what_comes()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        await log.Write(lease, "a\nb\nc");
        using var reader = log.OpenReader(new ReadFrom.LastLines(1, OutputTypes.All));

        reader.ReadOn().Text().Should().Be("c");
        await log.Write(lease, "c\nd\n");
        reader.ReadOn().Text().Should().Be("c\nd\n");
    }

    [Fact]
    public async Task A_waiting_reader_is_woken_by_an_append()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        using var reader = log.OpenReader(new ReadFrom.Tail());
        var seen = log.Changed.Version;
        reader.ReadOn().Entries.Should().BeEmpty();
        var woken = log.Changed.WaitAsync(seen);
        woken.IsCompleted.Should().BeFalse();

        await log.Write(lease, "news");

        await Eventually.Done(woken, "the reader is woken");
        reader.ReadOn().Text().Should().Be("news");
    }

    [Fact]
    public async Task Readers_are_woken_by_everything_that_changes_what_they_wait_for()
    {
        var log = await Store.NewSession();
        WriterLease lease = null!;
        var steps = new (string What, Func<Task> Do)[]
        {
            ("a lease", async () => lease = await log.Lease(attempt: 1)),
            ("a gap", async () => await log.AppendGapAsync(lease, OutputType.Stdout, 0, 1, CancellationToken.None)),
            ("a goodbye", async () => await log.Leave(lease)),
            ("a completion", async () => await log.Complete(await log.Lease(attempt: 2))),
            ("a deletion", async () => await Store.DeleteAsync(log, EndReason.Deleted, unlessHeld: false, CancellationToken.None)),
        };
        foreach (var (what, step) in steps)
        {
            var woken = log.Changed.WaitAsync(log.Changed.Version);
            await step();
            await Eventually.Done(woken, $"{what} wakes readers");
        }
    }

    [Fact]
    public async Task A_list_that_holds_entries_already_is_added_to()
    {
        var log = await Store.NewSession();
        await log.Write(await log.Lease(), "abc");
        using var reader = log.OpenReader(ReadFrom.Start);
        var entries = new List<LogEntry> { new() { Kind = LogEntryKind.End } };

        reader.Read(entries, 100).Should().BeTrue();
        entries.Select(entry => entry.Kind).Should().Equal(LogEntryKind.End, LogEntryKind.Data);
        reader.Read(entries, 100).Should().BeFalse();
        entries.Should().HaveCount(2);
    }

    [Fact]
    public async Task A_batch_is_about_as_large_as_asked_for_and_never_empty()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        for (var i = 0; i < 20; i++)
        {
            await log.Write(lease, new string('x', 100));
        }

        using var reader = log.OpenReader(ReadFrom.Start);
        var entries = new List<LogEntry>();
        while (reader.Read(entries, 250))
        {
            entries.Sum(entry => entry.Data.Length).Should().BeInRange(1, 350);
            entries.Clear();
        }

        reader.Cursor.StdoutOffset.Should().Be(2000);
    }

    private static string LastLines(string text, int lines)
    {
        var begins = new List<int>();
        for (var at = 0; at < text.Length; at = text.IndexOf('\n', at) is >= 0 and var newline ? newline + 1 : text.Length)
        {
            begins.Add(at);
        }

        return lines == 0 || begins.Count == 0 ? "" : text[begins[Math.Max(0, begins.Count - lines)]..];
    }

    private static async Task<ReadBack> FollowTo(ISessionLog log, long length)
    {
        var back = new ReadBack();
        using var reader = log.OpenReader(ReadFrom.Start);
        while (true)
        {
            var seen = log.Changed.Version;
            back.TakeFrom(reader);
            if (reader.Cursor.StdoutOffset >= length)
            {
                return back;
            }

            await log.Changed.WaitAsync(seen);
        }
    }

    private static long Micros(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
