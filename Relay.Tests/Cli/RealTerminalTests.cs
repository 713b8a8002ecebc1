using System.Text;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>The real tool in a real terminal emulator.</summary>
public sealed class RealTerminalTests(SharedRelay relay) : IClassFixture<SharedRelay>
{
    private const string AllFlags =
        "#{pane_title} #{alternate_on} #{cursor_flag} #{insert_flag} #{mouse_any_flag} #{keypad_flag} #{wrap_flag} #{scroll_region_upper}";

    private static readonly byte[] Corpus =
    [
        .. "first row\n"u8,
        .. EscapeCorpus.All.SelectMany((item, index) => (byte[])[.. Encoding.ASCII.GetBytes($"{index:000} "), .. item.Bytes, .. " .\n"u8]),
        .. "last row\n"u8,
    ];

    [Fact]
    public async Task The_escape_corpus_does_nothing_to_a_terminal()
    {
        var session = await Written(Corpus);
        await using var terminal = await Tmux.StartAsync($"{Tail(session)} --no-follow; echo \"exit $?\"", rows: 400);
        var flags = await terminal.Ask(AllFlags);

        await terminal.Shows("exit 0");

        var rows = await terminal.Rows();
        rows = [.. rows.SkipWhile(row => row.Length == 0)];
        rows[0].Should().Be("first row", "nothing was cleared or overwritten");
        rows[^1].Should().Be("exit 0", "no answer of the terminal was typed behind the tail");
        rows[^2].Should().Be("last row");
        rows[1..^2].Select(row => row[..4]).Should().Equal(EscapeCorpus.All.Select((_, index) => $"{index:000} "));
        rows[1..^2].Should().OnlyContain(row => row.EndsWith(" .", StringComparison.Ordinal));
        (await terminal.Ask(AllFlags)).Should().Be(flags).And.StartWith("untouched 0 1 0 0 0 1 0");
        (await terminal.Clipboards()).Should().Be(0);
    }

    [Fact]
    public async Task Raw_lets_the_job_control_the_terminal_which_obeys()
    {
        var session = await Written("\e]2;owned\a\e]52;c;b3duZWQ=\a\e[2Jafter\n"u8.ToArray());
        await using var terminal = await Tmux.StartAsync($"{Tail(session)} --raw --no-follow; echo \"exit $?\"");

        await terminal.Shows("exit 0");

        (await terminal.Ask("#{pane_title}")).Should().Be("owned");
        (await terminal.Clipboards()).Should().Be(1);
    }

    [Fact]
    public async Task The_escape_corpus_goes_unchanged_through_a_pipe()
    {
        var session = await Written(Corpus);
        await using var tail = CliProcess.Tail(relay.Api.BaseAddress, session, "--no-follow");

        (await tail.WaitForExit()).Should().Be(0);

        tail.Stdout.Should().Equal(Corpus);
        tail.StderrText.Should().BeEmpty();
    }

    [Fact]
    public async Task A_live_terminal_has_a_status_line_and_redraws_bars_and_ctrl_c_leaves_it_clean()
    {
        var session = await relay.Api.CreateSession();
        await using var writer = await relay.Api.Writer(session);
        await using var bar = await relay.Api.Writer(session, "stderr");
        await using var terminal = await Tmux.StartAsync($"{Tail(session)} --color never; echo \"exit $?\"");

        await writer.Send("first\n");
        await terminal.Shows($"live · {session} · 6 B");
        await bar.Send("\r 10%");
        await terminal.Shows(" 10%");
        await writer.Send("second\n");
        await terminal.Shows("second");
        await bar.Send("\r 20%");
        await terminal.Shows(" 20%");
        (await Lines(terminal)).Should().HaveCount(3).And.StartWith(["first", "second"]);

        await terminal.Type("C-c");
        await terminal.Shows("exit 130");

        var rows = await Lines(terminal);
        rows.Should().HaveCount(5);
        rows.Should().StartWith(["first", "second", " 20%"]).And.EndWith("exit 130");
        rows[3].Should().MatchRegex("^relay: --from [A-Za-z0-9_-]+ goes on from here$");
        string.Concat(rows).Should().NotContain("live");
    }

    [Fact]
    public async Task The_status_line_never_gets_into_a_file()
    {
        using var folder = new TempFolder();
        var session = await relay.Api.CreateSession();
        await using var writer = await relay.Api.Writer(session);
        await using var terminal = await Tmux.StartAsync($"{Tail(session)} >{folder["log"]}; echo \"exit $?\"");
        await writer.Send("\e[31ma line\n");
        await terminal.Shows($"live · {session} · 12 B");

        await terminal.Type("C-c");
        await terminal.Shows("exit 130");

        (await File.ReadAllTextAsync(folder["log"])).Should().Be("\e[31ma line\n");
    }

    private static async Task<string[]> Lines(Tmux terminal) => [.. (await terminal.Rows()).SkipWhile(row => row.Length == 0)];

    private string Tail(string session) => CliProcess.TailWords(relay.Api.BaseAddress, session);

    private async Task<string> Written(byte[] stdout)
    {
        var session = await relay.Api.CreateSession();
        await relay.Api.Append(session, stdout);
        return session;
    }
}
