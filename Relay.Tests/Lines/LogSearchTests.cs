using System.Text;
using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Lines;
using Relay.Server.Storage;
using Relay.Tests.Storage;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Lines;

public sealed class LogSearchTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task It_finds_every_line_that_matches_in_either_direction_and_from_anywhere(int seed)
    {
        var (disk, log) = await StoreOnDisk.WithSession(options => options.SegmentBytes = 128 * 1024);
        await using var _ = disk;
        var random = new Random(seed);
        var written = new WrittenLines(log, await log.Lease(), disk.Time);
        await written.WriteAtRandom(random, 1500);

        foreach (var outputs in new OutputType[][] { [OutputType.Stdout, OutputType.Stderr], [OutputType.Stderr] })
        {
            var lines = written.Lines.Where(line => outputs.Contains(line.Output)).ToList();
            foreach (var pattern in new[] { "part ", "a", "7: ", "zzz", "1: b", "no such text" })
            {
                var matches = lines.Select((line, position) => (line, Position: (long)position))
                    .Where(match => VisibleOf(match.line).Contains(pattern, StringComparison.OrdinalIgnoreCase)).Select(match => match.Position).ToList();
                var from = random.Next(lines.Count);
                var request = new SearchRequest { Pattern = pattern, Outputs = outputs };

                (await Find(log, request)).Positions.Should().Equal(matches, $"“{pattern}”, seed {seed}");
                (await Find(log, request with { From = from })).Positions.Should().Equal(matches.Where(position => position >= from));
                (await Find(log, request with { Backwards = true, From = -1 })).Positions.Should().Equal(matches.AsEnumerable().Reverse());
                (await Find(log, request with { Backwards = true, From = from })).Positions.Should().Equal(matches.Where(position => position < from).Reverse());
                (await InParts(log, request with { Limit = 7 })).Should().Equal(matches);
                (await InParts(log, request with { Limit = 7, Backwards = true, From = -1 })).Should().Equal(matches.AsEnumerable().Reverse());
            }
        }
    }

    [Fact]
    public async Task Text_is_found_across_records_and_in_the_middle_of_a_line_of_megabytes()
    {
        var (disk, log) = await StoreOnDisk.WithSession();
        await using var _ = disk;
        var lease = await log.Lease();
        await log.Write(lease, "one nee");
        await log.Write(lease, "beside\n", OutputType.Stderr);
        await log.Write(lease, "dle\n");
        for (var i = 0; i < 50; i++)
        {
            await log.Write(lease, new string('x', 40_000) + (i == 25 ? "NEEDLE" : ""));
        }

        await log.Write(lease, "\nnot this\n");

        (await Find(log, new SearchRequest { Pattern = "needle" })).Positions.Should().Equal(1, 2);
        (await Find(log, new SearchRequest { Pattern = "needle", MatchCase = true })).Positions.Should().Equal(1);
        (await Find(log, new SearchRequest { Pattern = "^one .*le$", IsRegex = true })).Positions.Should().Equal(1);
    }

    [Fact]
    public async Task A_search_that_goes_on_within_a_line_of_the_other_output_sees_all_of_it()
    {
        var (disk, log) = await StoreOnDisk.WithSession();
        await using var _ = disk;
        var lease = await log.Lease();
        for (var i = 0; i < 40; i++)
        {
            await log.Write(lease, new string('x', 20_000) + (i == 5 ? "NEEDLE" : ""));
            await log.Write(lease, $"beside {i}\n", OutputType.Stderr);
        }

        await log.Write(lease, "\n");

        foreach (var from in new[] { 0, 1, 20, 39, 40 })
        {
            (await Find(log, new SearchRequest { Pattern = "needle", From = from })).Positions.Should().Equal([40], $"from {from}");
        }

        (await Find(log, new SearchRequest { Pattern = "needle", Backwards = true, From = -1 })).Positions.Should().Equal(40);
    }

    [Fact]
    public async Task Colours_do_not_hide_a_word_and_the_end_of_a_completed_log_counts_without_its_newline()
    {
        var (disk, log) = await StoreOnDisk.WithSession();
        await using var _ = disk;
        var lease = await log.Lease();
        await log.Write(lease, "\e[31mer\e[1mror\e[0m here\nlast error");

        (await Find(log, new SearchRequest { Pattern = "error" })).Positions.Should().Equal([0], "the last line may go on");
        await log.Complete(lease);
        (await Find(log, new SearchRequest { Pattern = "error", MatchCase = true })).Positions.Should().Equal(0, 1);
    }

    [Fact]
    public async Task Lines_are_found_by_the_level_that_they_say()
    {
        var (disk, log) = await StoreOnDisk.WithSession();
        await using var _ = disk;
        await log.Write(await log.Lease(), "INFO a\n24/01/31 12:00:00 WARN b\n{\"level\":\"error\",\"msg\":\"c\"}\nno level, 0 errors\n\e[31mFATAL\e[0m d\n");

        (await Find(log, new SearchRequest { MinLevel = LineLevel.Warn })).Positions.Should().Equal(1, 2, 4);
        (await Find(log, new SearchRequest { MinLevel = LineLevel.Error, Pattern = "c" })).Positions.Should().Equal(2);
        (await Find(log, new SearchRequest { MinLevel = LineLevel.Error, Backwards = true, From = 4, Limit = 1 })).Positions.Should().Equal(2);
    }

    [Theory]
    [InlineData("(a+)+$")]
    [InlineData("(.*?,){20}P")]
    public async Task A_pattern_that_would_take_others_years_takes_time_that_grows_with_the_line(string evil)
    {
        var (disk, log) = await StoreOnDisk.WithSession();
        await using var _ = disk;
        await log.Write(await log.Lease(), new string('a', 40_000) + "!\n" + string.Concat(Enumerable.Repeat("1,", 10_000)) + "\n");

        (await Eventually.Done(Find(log, new SearchRequest { Pattern = evil, IsRegex = true, MatchCase = true }), "the search ends")).Positions.Should().BeEmpty();
    }

    [Theory]
    [InlineData("(", "no regular expression")]
    [InlineData("(?<=a)b", "look-around")]
    [InlineData("(a)\\1", "back reference")]
    public async Task A_pattern_that_cannot_be_searched_for_is_refused_with_the_reason(string pattern, string reason)
    {
        var (disk, log) = await StoreOnDisk.WithSession();
        await using var _ = disk;

        (await LogSteps.Refused(() => Find(log, new SearchRequest { Pattern = pattern, IsRegex = true }), RelayErrorCode.InvalidRequest)).Message.Should().Contain(reason);
    }

    [Fact]
    public async Task A_search_that_takes_too_long_stops_and_says_where_to_go_on()
    {
        var (disk, log) = await StoreOnDisk.WithSession();
        await using var _ = disk;
        var lease = await log.Lease();
        for (var i = 0; i < 100; i++)
        {
            await log.Write(lease, string.Concat(Enumerable.Range(0, 400).Select(n => $"{(n == 0 ? "needle" : "hay")} {i} {new string('.', 80)}\n")));
        }

        var first = await Find(log, new SearchRequest { Pattern = "needle" }, budget: TimeSpan.FromSeconds(3), time: new TickingTime(TimeSpan.FromSeconds(1)));

        first.End.Should().Be(SearchEnd.Time);
        first.Positions.Should().HaveCountLessThan(100);
        first.Searched.Should().BePositive().And.BeLessThan(first.Total);
        var rest = await Find(log, new SearchRequest { Pattern = "needle", From = first.Next });
        first.Positions.Concat(rest.Positions).Should().Equal(Enumerable.Range(0, 100).Select(i => i * 400L));
    }

    [Fact]
    public async Task Only_so_many_search_at_a_time_and_who_leaves_gives_the_turn_on()
    {
        var (disk, log) = await StoreOnDisk.WithSession();
        await using var _ = disk;
        await log.Write(await log.Lease(), "needle\n");
        using var turns = new SearchTurns(1);
        var request = new SearchRequest { Pattern = "needle" };
        var first = new LogSearch(log, request, LogSteps.Both, turns, TimeSpan.FromMinutes(1), TimeProvider.System).RunAsync(CancellationToken.None).GetAsyncEnumerator();
        (await first.MoveNextAsync()).Should().BeTrue();

        var second = Collect(new LogSearch(log, request, LogSteps.Both, turns, TimeSpan.FromMinutes(1), TimeProvider.System));
        second.IsCompleted.Should().BeFalse();
        await first.DisposeAsync();

        (await Eventually.Done(second, "the second search has its turn")).Positions.Should().Equal(0);
    }

    private static string VisibleOf(WrittenLine line)
    {
        var entry = line.ToEntry();
        return entry.Redraws > 0 || entry.Omitted > 0 ? line.Text : Encoding.Latin1.GetString(entry.Head.Span) + Encoding.Latin1.GetString(entry.Tail.Span);
    }

    private static async Task<List<long>> InParts(ISessionLog log, SearchRequest request)
    {
        List<long> positions = [];
        while (true)
        {
            var part = await Find(log, request);
            positions.AddRange(part.Positions);
            if (part.End == SearchEnd.Complete || (request.Backwards && part.Next == 0))
            {
                return positions;
            }

            part.End.Should().Be(SearchEnd.Limit);
            request = request with { From = part.Next };
        }
    }

    private static async Task<SearchBatch> Find(ISessionLog log, SearchRequest request, TimeSpan? budget = null, TimeProvider? time = null)
    {
        using var turns = new SearchTurns(1);
        var outputs = request.Outputs.Count == 0 ? LogSteps.Both : request.Outputs;
        return await Collect(new LogSearch(log, request, outputs, turns, budget ?? TimeSpan.FromMinutes(1), time ?? TimeProvider.System));
    }

    /// <summary>The last batch, with the positions of all.</summary>
    private static async Task<SearchBatch> Collect(LogSearch search)
    {
        List<long> positions = [];
        var last = new SearchBatch();
        await foreach (var batch in search.RunAsync(CancellationToken.None))
        {
            positions.AddRange(batch.Positions);
            last = batch;
        }

        return last with { Positions = positions };
    }

    /// <summary>Time that passes whenever somebody looks.</summary>
    private sealed class TickingTime(TimeSpan step) : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks += step.Ticks;
    }
}
