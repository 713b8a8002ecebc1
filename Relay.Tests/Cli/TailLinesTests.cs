using System.Text.Json;
using FluentAssertions;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class TailLinesTests
{
    private readonly ScriptedRelay _relay = new();

    [Fact]
    public async Task Timestamps_and_prefix_stand_before_each_line_and_the_bytes_stay_exact()
    {
        _relay.Send("s", _relay.Data("a\e[31mb\r\nhalf", at: 1.25), _relay.Data(" whole\n", at: 2), _relay.Data([0xff, (byte)'\n'], OutputType.Stderr, at: 3), ScriptedRelay.End(4));
        var console = new TailConsole(_relay);

        (await console.TailAsync("s --timestamps --prefix")).Should().Be(4);

        console.Out.Should().Be("2026-01-31T12:00:01.250Z s | a\e[31mb\r\n2026-01-31T12:00:01.250Z s | half whole\n");
        console.Error.Should().Be("2026-01-31T12:00:03.000Z s ! \uFFFD\n");
    }

    [Fact]
    public async Task A_line_that_never_ends_is_printed_without_a_newline()
    {
        _relay.Send("s", _relay.Data("prompt> "), ScriptedRelay.End());
        var console = new TailConsole(_relay);

        await console.TailAsync("s --prefix");

        console.Out.Should().Be("s | prompt> ");
    }

    [Fact]
    public async Task A_prompt_is_shown_after_half_a_second_and_its_line_goes_on_behind_it()
    {
        var console = new TailConsole(_relay);
        var tail = console.TailAsync("s --prefix");
        _relay.Send("s", _relay.Data("Password: "));
        await Eventually.True(
            () =>
            {
                _relay.Time.Advance(TimeSpan.FromMilliseconds(200));
                return console.Out == "s | Password: ";
            },
            "the prompt is shown");

        _relay.Send("s", _relay.Data("hush\n"), ScriptedRelay.End());
        await Eventually.Done(tail, "the tail ends");

        console.Out.Should().Be("s | Password: hush\n");
    }

    [Fact]
    public async Task A_line_without_end_is_passed_on_in_pieces()
    {
        var half = new byte[40_000].Select((_, i) => (byte)('a' + (i % 26))).ToArray();
        _relay.Send("s", [.. Enumerable.Range(0, 20).Select(_ => _relay.Data(half)), _relay.Data("\nnext\n"), ScriptedRelay.End()]);
        var console = new TailConsole(_relay);

        await console.TailAsync("s --prefix");

        console.Out.Should().Be("s | " + string.Concat(Enumerable.Repeat(System.Text.Encoding.ASCII.GetString(half), 20)) + "\ns | next\n");
    }

    [Fact]
    public async Task Grep_shows_matches_and_the_lines_around_them_with_two_dashes_between_groups()
    {
        _relay.Send("s", _relay.Data("1\n2\n3 WARN\n4\n5\n6\n7\n8 WARN\n9 WARN\n10\n11\n"), ScriptedRelay.End());
        var console = new TailConsole(_relay);

        await console.TailAsync("s --grep WARN -B 1 -A 1");

        console.Out.Should().Be("2\n3 WARN\n4\n--\n7\n8 WARN\n9 WARN\n10\n");
    }

    [Fact]
    public async Task Groups_that_touch_have_no_dashes_between_them()
    {
        _relay.Send("s", _relay.Data("x\n1\n2\nx\n"), ScriptedRelay.End());
        var console = new TailConsole(_relay);

        await console.TailAsync("s --grep x -C 1");

        console.Out.Should().Be("x\n1\n2\nx\n");
    }

    [Fact]
    public async Task Grep_looks_through_colours_and_invalid_bytes_and_prints_them_unchanged()
    {
        _relay.Send("s", _relay.Data("ER\e[1;31mROR\e[0m\nno\n"), ScriptedRelay.End());
        var console = new TailConsole(_relay);

        await console.TailAsync("s --grep ^ERROR$");

        console.Out.Should().Be("ER\e[1;31mROR\e[0m\n");
    }

    [Theory]
    [InlineData("s --grep (", "--grep must be a regular expression")]
    [InlineData("s --grep (?=x)y", "look-around")]
    [InlineData("s -A 3", "need --grep")]
    [InlineData("s --grep x -A lots", "-A must be a number of lines from 0 to 10000; it is 'lots'.")]
    [InlineData("s --tail 5 --since 10m", "Only one of --from, --tail and --since can be given; there are --tail and --since.")]
    [InlineData("s --tail -1", "--tail")]
    [InlineData("s --since yesterday", "--since must be an age such as 30s, 10m, 2h or 1d")]
    [InlineData("s --json --prefix", "--json has times and sessions in its fields")]
    [InlineData("a b --from AQID", "A cursor belongs to one session")]
    public async Task What_makes_no_sense_is_refused_with_a_reason(string line, string reason)
    {
        var console = new TailConsole(_relay);

        (await console.TailAsync(line)).Should().Be(2);

        console.Error.Should().StartWith("relay: ").And.Contain(reason);
        _relay.Reads.Should().BeEmpty();
    }

    [Theory]
    [InlineData("--from now", ReadStart.Now, null, 0)]
    [InlineData("--from beginning", ReadStart.Beginning, null, 0)]
    [InlineData("--from AQID", ReadStart.Cursor, "AQID", 0)]
    [InlineData("--tail 20", ReadStart.TailLines, null, 20)]
    public async Task The_start_reaches_the_read(string option, ReadStart start, string? cursor, long lines)
    {
        _relay.Send("s", ScriptedRelay.End());

        await new TailConsole(_relay).TailAsync($"s {option}");

        _relay.Reads.Single().Options.Should().BeEquivalentTo(new { Start = start, Cursor = cursor, TailLines = lines });
    }

    [Theory]
    [InlineData("90s", "2026-01-31T11:58:30Z")]
    [InlineData("1.5h", "2026-01-31T10:30:00Z")]
    [InlineData("2d", "2026-01-29T12:00:00Z")]
    [InlineData("2026-01-31T09:00:00+01:00", "2026-01-31T08:00:00Z")]
    [InlineData("2026-01-31", "2026-01-31T00:00:00Z")]
    public async Task Since_takes_an_age_or_a_time(string since, string expected)
    {
        _relay.Send("s", ScriptedRelay.End());

        await new TailConsole(_relay).TailAsync($"s --since {since}");

        _relay.Reads.Single().Options.Since.Should().Be(DateTimeOffset.Parse(expected, System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Json_has_an_object_for_each_line_and_mark_and_cursors_where_a_reader_can_go_on()
    {
        var gap = new LogEntry { Kind = LogEntryKind.Gap, Output = OutputType.Stdout, Offset = 8, Length = 5, Gap = GapReason.Trimmed, Sequence = 2 };
        _relay.Send("s", _relay.Data("a \"b\"\nc\n", at: 1));
        _relay.Send("s", gap, _relay.Data([0xff, (byte)'\n'], OutputType.Stderr, at: 2), _relay.Data("end"), ScriptedRelay.End(3));
        var console = new TailConsole(_relay);

        (await console.TailAsync("s --json")).Should().Be(106);

        var objects = console.Out.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        objects.Select(item => item.GetRawText()).Should().Equal(
            """{"session":"s","output":"stdout","time":"2026-01-31T12:00:01.000000Z","offset":0,"sequence":1,"text":"a \"b\"","cursor":null}""",
            """{"session":"s","output":"stdout","time":"2026-01-31T12:00:01.000000Z","offset":6,"sequence":1,"text":"c","cursor":"after-1"}""",
            """{"session":"s","output":"stdout","gap":{"offset":8,"bytes":5,"reason":"trimmed"},"cursor":null}""",
            """{"session":"s","output":"stderr","time":"2026-01-31T12:00:02.000000Z","offset":0,"sequence":2,"base64":"/w==","cursor":null}""",
            """{"session":"s","output":"stdout","time":"2026-01-31T12:00:00.000000Z","offset":8,"sequence":3,"text":"end","partial":true,"cursor":null}""",
            """{"session":"s","end":{"reason":"completed","exit_code":3},"cursor":"after-3"}""");
        console.Error.Should().Contain("5 bytes of stdout from offset 8 are missing");
    }

    [Fact]
    public async Task A_cursor_is_not_given_while_the_other_output_has_an_open_line()
    {
        _relay.Send("s", _relay.Data("open", OutputType.Stderr), _relay.Data("line\n"));
        _relay.Send("s", _relay.Data("\n", OutputType.Stderr), ScriptedRelay.End());
        var console = new TailConsole(_relay);

        await console.TailAsync("s --json");

        console.Out.Split('\n')[0].Should().Contain("\"line\"").And.EndWith("\"cursor\":null}");
    }

    [Fact]
    public async Task Colours_forced_into_a_pipe_come_with_safe_text_and_without_a_live_row()
    {
        _relay.Send("s", _relay.Data("\e]0;title\aplain\n12:00 WARN disk\n"), ScriptedRelay.End());
        var console = new TailConsole(_relay);

        await console.TailAsync("s --color always");

        console.Out.Should().Be("plain\n12:00 \e[33mWARN\e[0m disk\n");
    }
}
