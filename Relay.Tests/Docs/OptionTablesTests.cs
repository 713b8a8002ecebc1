using System.Text.RegularExpressions;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Docs;

/// <summary>README's tables name the options that the tools have, all of them and no others; the tools' <c>--help</c> is the truth.</summary>
public sealed partial class OptionTablesTests
{
    [Theory]
    [InlineData("relay")]
    [InlineData("relay-writer")]
    public async Task The_tables_have_the_options_of_each_command(string tool)
    {
        var commands = new Dictionary<string, IReadOnlySet<string>>(StringComparer.Ordinal);
        foreach (var command in CommandsIn(await Help(tool)))
        {
            commands[command] = OptionsIn(await Help(tool, command));
        }

        var sections = Sections().Where(section => section.Tool is null || section.Tool == tool).ToList();

        commands.Should().NotBeEmpty();
        foreach (var (command, options) in commands)
        {
            sections.Should().Contain(section => section.Commands.Contains(command), "README has a section with `{0} {1}` in its title", tool, command);
            // A section may say "options as for run", so any of the tool's tables will do.
            options.Should().BeSubsetOf(sections.SelectMany(section => section.Options), "README's tables have every option of {0} {1}", tool, command);
        }

        foreach (var section in sections.Where(section => section.Tool is not null))
        {
            section.Options.Should().BeSubsetOf(section.Commands.SelectMany(command => commands.GetValueOrDefault(command) ?? throw NoSuchCommand(tool, command)),
                "the section '{0}' of README names options that there are", section.Title);
        }
    }

    [Fact]
    public async Task The_table_of_the_relay_has_its_options()
    {
        await using var help = await ChildProcess.Run(DotNet.Server("--help"));

        Sections().Single(section => section.Title == "The relay").Options.Should().BeEquivalentTo(OptionsIn(help.StdoutText).Except(["--SECTION"]));
    }

    private static async Task<string> Help(string tool, params string[] command)
    {
        string[] arguments = [.. command, "--help"];
        await using var help = await ChildProcess.Run(tool == "relay" ? DotNet.Cli(arguments) : DotNet.Writer(arguments));
        help.ExitCode.Should().Be(0, help.Describe());
        return help.StdoutText;
    }

    private static IEnumerable<string> CommandsIn(string help) =>
        HelpCommand().Matches(help.Split("Commands:\n").Last()).Select(match => match.Groups["command"].Value);

    /// <summary>Of the lines that begin with an option. Those that every program has need no words in a table.</summary>
    private static HashSet<string> OptionsIn(string help) =>
        [.. help.Split('\n').SelectMany(line => HelpOption().Match(line).Groups["option"].Captures.Select(option => option.Value)).Except(["--help", "--version", "-h", "-?"])];

    /// <summary>The sections of README with a table of options. One whose title names no command is for all of them.</summary>
    private static IEnumerable<Section> Sections()
    {
        foreach (var part in File.ReadAllText(Repository.PathOf("README.md")).Split("\n### ").Skip(1))
        {
            var title = part.Split('\n')[0];
            var rows = part.Split("\n## ")[0].Split('\n').Where(line => line.StartsWith("| `-", StringComparison.Ordinal)).Select(row => row.Split(" | ")[0]);
            var options = rows.SelectMany(row => RowOption().Matches(row).Select(match => match.Value)).ToHashSet(StringComparer.Ordinal);
            var commands = TitleCommand().Matches(title);
            yield return new Section(
                title, commands.Count > 0 ? commands[0].Groups["tool"].Value : null, [.. commands.SelectMany(match => match.Groups["command"].Captures).Select(c => c.Value)], options);
        }
    }

    private static InvalidOperationException NoSuchCommand(string tool, string command) => new($"README has a section for '{tool} {command}', which there is not.");

    private sealed record Section(string Title, string? Tool, IReadOnlyList<string> Commands, IReadOnlySet<string> Options);

    [GeneratedRegex(@"^ +((?<option>--?[\w?][\w-]*)(, | \S+?, |/)?)+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex HelpOption();

    [GeneratedRegex(@"^  (?<command>[a-z]\S*)", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex HelpCommand();

    [GeneratedRegex(@"(?<=`|, )--?[A-Za-z][\w-]*", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex RowOption();

    [GeneratedRegex(@"`(?<tool>relay-writer|relay) (?<command>[a-z]+)(\|(?<command>[a-z]+))*", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex TitleCommand();
}
