using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using FluentAssertions;
using Relay.Cli.Tail.Screen;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>What a terminal is sent.</summary>
public sealed class TerminalTests
{
    private readonly ScriptedRelay _relay = new();

    [Fact]
    public void Of_a_hundred_ways_to_control_a_terminal_none_passes()
    {
        EscapeCorpus.All.Should().HaveCountGreaterThanOrEqualTo(100);
        EscapeCorpus.All.Select(item => item.Name).Should().OnlyHaveUniqueItems();
        foreach (var (name, bytes) in EscapeCorpus.All)
        {
            Safe(bytes).Should().NotMatchRegex(
                "[\0-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\U000e0041", $"'{name}' is made harmless");
        }
    }

    [Fact]
    public void Random_bytes_leave_nothing_but_text_and_colours()
    {
        var random = new Random(20260131);
        var alphabet = "\e\e\e[]P\\;:0123456789mKJHc?>\a\x18 ab\u009b\u202e"u8.ToArray();
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = new byte[random.Next(1, 40)];
            for (var i = 0; i < bytes.Length; i++)
            {
                bytes[i] = random.Next(8) == 0 ? (byte)random.Next(256) : alphabet[random.Next(alphabet.Length)];
            }

            var safe = Regex.Replace(Safe(bytes, keepColours: true), "\e\\[[0-9;:]*m", "", RegexOptions.NonBacktracking);
            safe.Should().NotMatchRegex("[\0-\x08\x0a-\x1f\x7f-\x9f\u202e]", $"{Convert.ToHexString(bytes)} is made harmless");
        }
    }

    [Theory]
    [InlineData("plain\ttext", "plain\ttext")]
    [InlineData("\e[31mred\e[0m", "\e[31mred\e[0m")]
    [InlineData("\e[38;5;8;48;2;5;6;8mfar\e[m", "\e[38;5;8;48;2;5;6;8mfar\e[m")]
    [InlineData("\e[1;8mhidden\e[5mblink", "hiddenblink")]
    [InlineData("\e]8;;http://x\e\\link\e]8;;\e\\", "link")]
    [InlineData("never \e]0;ended", "never ^[]0;ended")]
    [InlineData("a\0b\x7f", "a^@b^?")]
    [InlineData("x\u202ey", "x<U+202E>y")]
    [InlineData("grüße 👩‍💻 日本", "grüße 👩‍💻 日本")]
    public void What_is_text_or_colour_stays(string text, string expected) => Safe(Encoding.UTF8.GetBytes(text), keepColours: true).Should().Be(expected);

    [Theory]
    [InlineData("24/01/31 12:00:00 WARN TaskSetManager: lost\n", "24/01/31 12:00:00 \e[33mWARN\e[0m TaskSetManager: lost\n")]
    [InlineData("ERROR:root:no\n", "\e[1;31mERROR\e[0m:root:no\n")]
    [InlineData("[error] no\n", "[\e[1;31merror\e[0m] no\n")]
    [InlineData("{\"level\": \"info\"}\n", "{\"level\": \"\e[32minfo\e[0m\"}\n")]
    [InlineData("no error at all\n", "no error at all\n")]
    [InlineData("\e[35mERROR mine\n", "\e[35mERROR mine\e[0m\n")]
    public async Task Levels_are_coloured_unless_the_line_has_colours(string line, string expected)
    {
        _relay.Send("s", _relay.Data(line), ScriptedRelay.End());
        (await TailAsync("s")).Should().Be(expected);
    }

    [Fact]
    public async Task Stderr_is_red_and_NO_COLOR_and_never_are_respected()
    {
        string[] lines = ["s", "s --color never"];
        var screens = new List<string>();
        foreach (var line in lines)
        {
            _relay.Send("s", _relay.Data("oops\n", OutputType.Stderr), _relay.Data("\e[32mgreen\n"), ScriptedRelay.End());
            screens.Add(await TailAsync(line));
        }

        _relay.Send("s", _relay.Data("oops\n", OutputType.Stderr), _relay.Data("\e[32mgreen\n"), ScriptedRelay.End());
        screens.Add(await TailAsync("s", ("NO_COLOR", "1")));

        screens.Should().Equal("\e[31moops\e[0m\n\e[32mgreen\e[0m\n", "oops\ngreen\n", "oops\n\e[32mgreen\e[0m\n");
    }

    [Fact]
    public async Task A_progress_bar_is_redrawn_in_place_and_lines_of_the_other_output_stay_whole()
    {
        using var console = new TailConsole(_relay) { IsTerminal = true };
        var tail = console.TailAsync("s --no-status --color never");
        _relay.Send("s", _relay.Data("\r10%", OutputType.Stderr));
        await Shows(console, "\r10%\e[K");
        _relay.Send("s", _relay.Data("a line\n"));
        await Shows(console, "\r10%\e[K\r\e[Ka line\n\r10%\e[K");
        _relay.Send("s", _relay.Data("\r100%\r", OutputType.Stderr), _relay.Data("\n", OutputType.Stderr), ScriptedRelay.End());
        await Eventually.Done(tail, "the tail ends");

        console.Screen.Should().Be("\r10%\e[K\r\e[Ka line\n\r10%\e[K\r\e[K100%\n");
    }

    [Fact]
    public async Task A_row_that_is_redrawn_is_cut_to_the_terminal()
    {
        using var console = new TailConsole(_relay) { IsTerminal = true, Columns = 12 };
        var tail = console.TailAsync("s --no-status");
        _relay.Send("s", _relay.Data("\r日本日本日本"));
        await Shows(console, "\r日本日本\e[K");
        _relay.Send("s", _relay.Data("\rdone\n"), _relay.Data("0123456789 go? "));
        await Shows(console, "\r6789 go? \e[K");
        _relay.Send("s", ScriptedRelay.End());
        await Eventually.Done(tail, "the tail ends");

        console.Screen.Should().EndWith("done\n\r6789 go? \e[K\r\e[K0123456789 go? \n", "a line that does not end leaves the shell a row of its own");
    }

    [Fact]
    public async Task Of_a_character_that_is_on_its_way_a_row_shows_nothing()
    {
        using var console = new TailConsole(_relay) { IsTerminal = true };
        var tail = console.TailAsync("s --no-status");
        _relay.Send("s", _relay.Data([.. "10 "u8, 0xE2, 0x82]));
        await Shows(console, "\r10 \e[K");
        _relay.Send("s", _relay.Data([0xAC]));
        await Shows(console, "\r10 \e[K\r10 €\e[K");
        _relay.Send("s", ScriptedRelay.End());
        await Eventually.Done(tail, "the tail ends");
    }

    [Fact]
    public async Task The_status_line_says_how_it_stands_and_is_gone_at_the_end()
    {
        using var console = new TailConsole(_relay) { IsTerminal = true };
        var tail = console.TailAsync("s");
        _relay.Send("s", _relay.Data("first\n"));
        await Eventually.True(
            () =>
            {
                _relay.Time.Advance(TimeSpan.FromMilliseconds(200));
                return console.Screen.Contains("live · s · 6 B · 00:00:0", StringComparison.Ordinal);
            },
            "the status is drawn");
        _relay.Send("s", _relay.Data("last\n"), ScriptedRelay.End());
        await Eventually.Done(tail, "the tail ends");

        Regex.Replace(console.Screen, "\r[^\r\n]*\e\\[K", "", RegexOptions.NonBacktracking).Should().Be("first\nlast\n", "what is drawn is erased");
    }

    [Theory]
    [InlineData("dumb")]
    [InlineData("")]
    public async Task A_terminal_that_can_do_nothing_is_sent_text_only(string terminal)
    {
        _relay.Send("s", _relay.Data("\e[31mWARN\e[0m \e[2J\n"), ScriptedRelay.End());
        (await TailAsync("s", ("TERM", terminal))).Should().Be("WARN \n");
    }

    [Fact]
    public async Task Raw_passes_everything()
    {
        _relay.Send("s", _relay.Data("\e]0;title\a\e[2J\rx"), ScriptedRelay.End());
        (await TailAsync("s --raw")).Should().Be("\e]0;title\a\e[2J\rx");
    }

    [Fact]
    public async Task Ctrl_c_leaves_the_cursor_in_a_free_row_and_says_how_to_go_on()
    {
        using var console = new TailConsole(_relay) { IsTerminal = true };
        using var stop = new CancellationTokenSource();
        var tail = console.TailAsync("s", stop.Token);
        _relay.Send("s", _relay.Data("\e[31mred prompt> "));
        await Shows(console, "red prompt> ");

        await stop.CancelAsync();
        (await Eventually.Done(tail, "the tail ends")).Should().Be(130);

        console.Screen.Should().EndWith("\r\e[K\e[31mred prompt> \e[0m\nrelay: --from after-1 goes on from here\n");
    }

    private static Task Shows(TailConsole console, string text) => Eventually.True(
        () => console.Screen.Contains(text, StringComparison.Ordinal), $"the screen shows {text}", describe: () => console.Screen);

    private static string Safe(byte[] bytes, bool keepColours = false)
    {
        var safe = new ArrayBufferWriter<byte>();
        TerminalText.Append(bytes, safe, keepColours);
        return Encoding.UTF8.GetString(safe.WrittenSpan);
    }

    private async Task<string> TailAsync(string line, params (string Name, string Value)[] environment)
    {
        using var console = new TailConsole(_relay) { IsTerminal = true };
        foreach (var (name, value) in environment)
        {
            console.Environment[name] = value;
        }

        await Eventually.Done(console.TailAsync(line), "the tail ends");
        return console.Screen;
    }
}
