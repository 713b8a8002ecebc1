using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class CompletionTests(SharedRelay shared) : IClassFixture<SharedRelay>
{
    [Theory]
    [InlineData("", "tail search sessions create delete verify completion")]
    [InlineData("s", "search sessions")]
    [InlineData("completion|", "bash zsh")]
    [InlineData("tail|--output|", "both stderr stdout")]
    [InlineData("tail|--output=s", "--output=stderr --output=stdout")]
    [InlineData("sessions|--st", "--state")]
    [InlineData("sessions|--state|l", "live")]
    [InlineData("tail|--url|", "")]
    [InlineData("nonsense|--x|", "tail search sessions create delete verify completion")]
    public async Task The_last_word_is_completed_by_the_commands_as_they_are(string words, string candidates)
    {
        var complete = await InMemoryCli.RunAsync(["complete", "--", .. words.Split('|')]);
        complete.Should().Match<InMemoryCli>(it => it.ExitCode == 0 && it.Error == "");
        complete.Lines.Should().Equal(candidates.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Ids_of_sessions_come_from_the_relay_of_the_line_and_dangerous_ones_stay_away()
    {
        var id = RelayApi.NewId("comp");
        await shared.Api.CreateSession(id);
        await shared.Api.CreateSession($"{id}\u202E");
        var complete = await InMemoryCli.RunAsync("complete", "--", "verify", "--url", shared.Host.BaseAddress.AbsoluteUri, id[..^1]);
        complete.Lines.Should().Contain(id).And.OnlyContain(line => !line.Contains('\u202E'));
    }

    [Theory]
    [InlineData("http://127.0.0.1:1")]
    [InlineData("nonsense")]
    public async Task A_relay_that_is_not_there_completes_nothing_and_says_nothing(string url) =>
        (await InMemoryCli.RunAsync("complete", "--", "tail", "--url", url, "")).Should().Be(new InMemoryCli(0, "", ""));

    [Fact]
    public async Task In_bash_words_are_whole_ids_are_quoted_and_nothing_of_them_is_run()
    {
        using var folder = new TempFolder();
        var id = RelayApi.NewId("a:b");
        await shared.Api.CreateSession(id);
        await shared.Api.CreateSession($"{id} $(touch pwned)");
        await WriteTool(folder);
        await File.WriteAllTextAsync(folder["try.bash"], $$"""
            chmod +x relay
            source <(./relay completion bash)
            try() {
              COMP_LINE=$1 COMP_POINT=${#1}
              _relay ./relay
              printf '<%s>' "${COMPREPLY[@]}"; echo
            }
            try 'relay ver'
            try 'relay tail --output '
            try 'relay tail {{id}}'
            try 'relay tail --url http://127.0.0.1:1 '
            complete -p relay
            """);
        await using var bash = await ChildProcess.Run(Shell("bash", folder, "try.bash"));
        var tail = id["a:".Length..]; // bash puts it behind the colon that it has already.
        bash.StdoutText.Should().StartWith($"<verify>\n<both><stderr><stdout>\n<{tail}\\ \\$\\(touch\\ pwned\\)><{tail}>\n<>\n", bash.Describe()).And.Contain("complete -F _relay");
        File.Exists(folder["pwned"]).Should().BeFalse();
    }

    [Fact]
    public async Task In_zsh_the_script_is_registered_and_completes()
    {
        using var folder = new TempFolder();
        var id = RelayApi.NewId("a:b");
        await shared.Api.CreateSession($"{id} $(touch pwned)");
        await WriteTool(folder);
        await File.WriteAllTextAsync(folder["try.zsh"], $$"""
            chmod +x relay
            autoload -Uz compinit; compinit -u -D
            ./relay completion zsh >script.zsh; zsh -n script.zsh || exit 1
            source ./script.zsh
            compadd() { print -rl -- "${candidates[@]}" }
            print -r -- "${_comps[relay]}"
            words=(./relay ver) CURRENT=2; _relay
            words=(./relay tail '{{id}}') CURRENT=3; _relay
            words=(./relay completion '') CURRENT=3; _relay
            """);
        await using var zsh = await ChildProcess.Run(Shell("zsh", folder, "-f", "try.zsh"));
        zsh.StdoutText.Should().Be($"_relay\nverify\n{id} $(touch pwned)\nbash\nzsh\n", zsh.Describe());
        File.Exists(folder["pwned"]).Should().BeFalse();
    }

    private ChildCommand Shell(string shell, TempFolder folder, params string[] arguments) => new(shell, arguments)
    {
        WorkingDirectory = folder.Path,
        Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["RELAY_URL"] = shared.Host.BaseAddress.AbsoluteUri },
    };

    /// <summary><c>relay</c> as it is called once it is installed.</summary>
    private static async Task WriteTool(TempFolder folder)
    {
        var cli = DotNet.Cli();
        await File.WriteAllTextAsync(folder["relay"], $"#!/bin/sh\nexec '{cli.FileName}' '{cli.Arguments[0]}' \"$@\"\n");
    }
}
