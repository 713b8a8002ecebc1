using FluentAssertions;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class TailSessionsTests
{
    private readonly ScriptedRelay _relay = new();

    [Fact]
    public async Task Several_sessions_are_merged_by_time_and_aligned()
    {
        _relay.Send("a", _relay.Data("one\n", session: "a", at: 1), _relay.Data("three\n", session: "a", at: 3), ScriptedRelay.End());
        _relay.Send("long", _relay.Data("two\n", session: "long", at: 2), _relay.Data("four\n", session: "long", at: 4), ScriptedRelay.End());
        var console = new TailConsole(_relay);

        (await Eventually.Done(console.TailAsync("a long"), "the tail ends")).Should().Be(0);

        console.Out.Should().Be("a    | one\nlong | two\na    | three\nlong | four\n");
    }

    [Fact]
    public async Task One_that_answers_a_moment_later_still_has_its_place_in_time()
    {
        var console = new TailConsole(_relay);
        _relay.Send("quick", _relay.Data("second\n", session: "quick", at: 2), ScriptedRelay.End());
        var tail = console.TailAsync("quick slow");
        await Eventually.True(() => _relay.Reads.Count == 2, "both are read");

        _relay.Send("slow", _relay.Data("first\n", session: "slow", at: 1), ScriptedRelay.End());
        await Eventually.Done(tail, "the tail ends");

        console.Out.Should().Be("slow  | first\nquick | second\n");
    }

    [Fact]
    public async Task A_session_that_is_silent_holds_up_nobody_for_long()
    {
        var console = new TailConsole(_relay);
        using var stop = new CancellationTokenSource();
        var tail = console.TailAsync("silent busy", stop.Token);
        _relay.Send("busy", _relay.Data("here\n", session: "busy", at: 1));

        await Eventually.True(
            () =>
            {
                _relay.Time.Advance(TimeSpan.FromMilliseconds(200));
                return console.Out.Contains("here", StringComparison.Ordinal);
            },
            "the busy one is shown");

        await stop.CancelAsync();
        (await Eventually.Done(tail, "the tail ends")).Should().Be(130);
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0, 7, 7)]
    [InlineData(9, 7, 9)]
    public async Task The_highest_exit_code_counts(int a, int b, int expected)
    {
        _relay.Send("a", ScriptedRelay.End(a));
        _relay.Send("b", ScriptedRelay.End(b));

        (await Eventually.Done(new TailConsole(_relay).TailAsync("a b"), "the tail ends")).Should().Be(expected);
    }

    [Fact]
    public async Task Missing_bytes_go_before_all_exit_codes_and_say_whose_they_are()
    {
        var gap = new LogEntry { Kind = LogEntryKind.Gap, Output = OutputType.Stdout, Length = 5, Gap = GapReason.Corrupt };
        _relay.Send("a", gap, ScriptedRelay.End(0));
        _relay.Send("b", ScriptedRelay.End(200));
        var console = new TailConsole(_relay);

        (await Eventually.Done(console.TailAsync("a b"), "the tail ends")).Should().Be(106);

        console.Error.Should().Be("relay: a: 5 bytes of stdout from offset 0 are missing: damaged on the relay's disk\n");
    }

    [Fact]
    public async Task A_pattern_means_the_sessions_that_match_and_no_follow_ends_with_them()
    {
        _relay.Create("etl-1").Create("other").Create("etl-2");
        _relay.Send("etl-1", _relay.Data("1\n", session: "etl-1", at: 1), ScriptedRelay.End(0, EndReason.Tail));
        _relay.Send("etl-2", _relay.Data("2\n", session: "etl-2", at: 2), ScriptedRelay.End(0, EndReason.Tail));
        var console = new TailConsole(_relay);

        (await Eventually.Done(console.TailAsync("etl-* --no-follow"), "the tail ends")).Should().Be(0);

        console.Out.Should().Be("etl-1 | 1\netl-2 | 2\n");
    }

    [Fact]
    public async Task A_session_created_later_joins_with_its_first_byte()
    {
        _relay.Create("etl-1");
        var console = new TailConsole(_relay);
        using var stop = new CancellationTokenSource();
        var tail = console.TailAsync("etl-? --from now", stop.Token);
        await Eventually.True(() => _relay.Reads.Count == 1, "the first is read");

        _relay.Create("etl-2").Send("etl-2", _relay.Data("new\n", session: "etl-2"));
        await Eventually.True(
            () =>
            {
                _relay.Time.Advance(TimeSpan.FromMilliseconds(500));
                return console.Out == "etl-2 | new\n";
            },
            "the second is shown");

        _relay.Reads.Select(read => read.Options.Start).Should().Equal(ReadStart.Now, ReadStart.Beginning);
        await stop.CancelAsync();
        await Eventually.Done(tail, "the tail ends");
    }

    [Fact]
    public async Task A_pattern_that_nothing_matches_is_said_when_nothing_is_followed()
    {
        var console = new TailConsole(_relay);

        (await Eventually.Done(console.TailAsync("etl-* --no-follow"), "the tail ends")).Should().Be(104);

        console.Error.Should().Be("relay: No session matches 'etl-*'.\n");
    }

    [Fact]
    public async Task A_line_of_one_session_is_not_continued_by_another()
    {
        _relay.Send("a", _relay.Data("half", session: "a", at: 1), ScriptedRelay.End());
        _relay.Send("b", _relay.Data("whole\n", session: "b", at: 2), ScriptedRelay.End());
        var console = new TailConsole(_relay);

        await Eventually.Done(console.TailAsync("a b"), "the tail ends");

        console.Out.Should().Be("a | half\nb | whole\n");
    }
}
