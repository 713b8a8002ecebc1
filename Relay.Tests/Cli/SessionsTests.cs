using System.Text.Json;
using System.Text.RegularExpressions;
using FluentAssertions;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class SessionsTests(SharedRelay shared) : IClassFixture<SharedRelay>
{
    private readonly string _prefix = RelayApi.NewId("list");

    private RelayHost Host => shared.Host;

    [Fact]
    public async Task The_list_shows_newest_first_how_each_session_stands_exactly_and_aligned()
    {
        await Job.Complete(Host, $"{_prefix}-done", "a\nb\n", "!", exitCode: 3);
        await Job.Leave(Host, $"{_prefix}-left", "abc");
        await Relay("create", $"{_prefix}-new", "--label", "team=data", "--label", "a=b");
        var sessions = await Relay("sessions", $"{_prefix}*");
        sessions.ExitCode.Should().Be(0);
        sessions.Lines.Select(Squeeze).Should().Equal(
            "SESSION STATE STDOUT STDERR LINES READERS LABELS",
            $"{_prefix}-new waiting 0 0 0 0 a=b,team=data",
            $"{_prefix}-left left 3 0 0 0",
            $"{_prefix}-done exit:3 4 1 2 0");
        sessions.Lines.Skip(1).Select(line => line.IndexOf('Z', StringComparison.Ordinal)).Distinct().Should().ContainSingle("columns are aligned");
    }

    [Fact]
    public async Task Json_is_the_status_document_a_line_each()
    {
        await Job.Complete(Host, $"{_prefix}-1", "abc");
        var sessions = await Relay("sessions", $"{_prefix}-?", "--json");
        JsonSerializer.Deserialize<SessionStatus>(sessions.Lines.Single()).Should()
            .BeEquivalentTo(await Host.Api.Status($"{_prefix}-1"), options => options.Excluding(status => status!.ExpiresAt).Excluding(status => status!.LastActivityAt));
    }

    [Theory]
    [InlineData("--state live", "b c")]
    [InlineData("--state completed", "a")]
    [InlineData("--label team=data", "b")]
    [InlineData("--label team=data --label x=y", "")]
    public async Task Filters_narrow_the_list(string options, string expected)
    {
        await Job.Complete(Host, $"{_prefix}-a", "abc");
        await Relay("create", $"{_prefix}-b", "--label", "team=data");
        await Relay("create", $"{_prefix}-c", "--label", "team=web");
        var sessions = await Relay(["sessions", $"{_prefix}*", .. options.Split(' ')]);
        sessions.Lines.Skip(1).Select(line => line[_prefix.Length + 1]).Order().Should().Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(it => it[0]));
    }

    [Fact]
    public async Task Nothing_in_an_id_or_a_label_can_steer_a_terminal()
    {
        await Relay("create", $"{_prefix}-\u202Egnp.exe", "--label", "color=\u001b[31mred");
        var sessions = await Relay("sessions", $"{_prefix}*");
        sessions.Out.Should().Contain($@"{_prefix}-\u{{202e}}gnp.exe").And.Contain(@"color=\u{1b}[31mred").And.NotContain("\u001b").And.NotContain("\u202E");
    }

    [Fact]
    public async Task A_session_is_created_once_and_deleted_once()
    {
        var id = $"{_prefix} ä";
        (await Relay("create", id)).Should().Match<InMemoryCli>(it => it.ExitCode == 0 && it.Error == ""
            && Regex.IsMatch(it.Out, $@"\A{Regex.Escape(id)}: created\nwrite token: [\w-]{{43}}\nread token: [\w-]{{43}}\n\z", RegexOptions.None, TimeSpan.FromSeconds(10)));
        (await Relay("create", id)).Should().Match<InMemoryCli>(it => it.ExitCode == 100 && it.Out == "" && it.Error.Contains("already exists"));
        (await Relay("create", id, "--if-missing")).Should().Be(new InMemoryCli(0, $"{id}: exists\n", ""));
        (await Relay("delete", id)).Should().Be(new InMemoryCli(0, $"{id}: deleted\n", ""));
        (await Relay("delete", id)).Should().Match<InMemoryCli>(it => it.ExitCode == 104 && it.Error.Contains(id));
    }

    [Fact]
    public async Task Each_session_is_tried_and_a_failure_is_not_hidden_by_a_success()
    {
        await Relay("create", $"{_prefix}-1");
        await Relay("create", $"{_prefix}-2");
        var delete = await Relay("delete", $"{_prefix}-1", $"{_prefix}-nope", $"{_prefix}-2");
        delete.Should().Match<InMemoryCli>(it => it.ExitCode == 104 && it.Out == $"{_prefix}-1: deleted\n{_prefix}-2: deleted\n");
    }

    [Theory]
    [InlineData("create a/b")]
    [InlineData("create x --label nonsense")]
    [InlineData("delete")]
    [InlineData("delete ..")]
    [InlineData("sessions --state odd")]
    public async Task A_wrong_command_line_changes_nothing(string line)
    {
        (await Relay(line.Split(' '))).Should().Match<InMemoryCli>(it => it.ExitCode == 2 && it.Out == "" && it.Error.StartsWith("relay: "));
    }

    [Theory]
    [InlineData("verfy s", "'verfy' is not a command; did you mean 'verify'?")]
    [InlineData("frobnicate", "'frobnicate' is not a command; the commands are tail, search, sessions, create, delete, verify, completion.")]
    public async Task An_unknown_command_is_one_line_with_a_suggestion(string line, string words)
    {
        var unknown = await InMemoryCli.RunAsync(line.Split(' '));
        unknown.ExitCode.Should().Be(2);
        unknown.Error.Should().Be($"relay: {words}\nrelay: 'relay --help' shows how it is used.\n");
    }

    [Theory]
    [InlineData("sessions")]
    [InlineData("create")]
    [InlineData("delete")]
    [InlineData("verify")]
    [InlineData("completion")]
    public async Task Help_has_examples(string command)
    {
        var help = await InMemoryCli.RunAsync(command, "--help");
        help.ExitCode.Should().Be(0);
        help.Out.Should().Contain("Examples:").And.Contain($"relay {command} ");
    }

    [Fact]
    public async Task The_list_of_commands_has_a_sentence_on_each()
    {
        var help = await InMemoryCli.RunAsync("--help");
        help.Out.Should().Contain("Lists the relay's sessions, newest first.").And.Contain("Proves that a session's log is complete")
            .And.NotContain("Examples").And.NotContain("Exit codes").And.NotContain("WORDS");
    }

    /// <summary>The cells without the blanks that align them, and without the time of creation.</summary>
    private static string Squeeze(string line) =>
        string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where((_, i) => i != 2));

    private Task<InMemoryCli> Relay(params string[] args) => InMemoryCli.RunAsync(shared.Host.BaseAddress, args);
}
