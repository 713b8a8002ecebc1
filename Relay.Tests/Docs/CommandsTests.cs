using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Docs;

/// <summary>
/// Every command that README.md and docs/*.md show works as it stands there. The <c>sh</c> blocks of a page run in order, in one session; a comment
/// directly above a block says when it is run otherwise (<see cref="DocMarker"/>).
/// </summary>
[Trait("Category", "EndToEnd")]
public sealed class CommandsTests
{
    /// <summary>Blocks that are not run. A new one needs a reason that convinces: another machine, or a program that runs this test.</summary>
    private static readonly string[] NotRun =
    [
        "README.md: ./test.sh",
        "docs/performance.md: dotnet run -c Release --project Relay.Benchmarks",
    ];

    /// <summary>Words of jobs that nothing but the relay can have brought to the reader: these jobs' own outputs are files.</summary>
    private static readonly string[] BroughtByTheRelay = ["now the work, followed", "now the work, captured"];

    public static TheoryData<string> PagesWithCommands => new(Pages.In("sh").Where(IsRun).Select(block => block.Page).Distinct(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(PagesWithCommands))]
    public async Task Each_command_of_a_page_works_as_it_stands_there(string page)
    {
        using var sandbox = new PageSandbox();
        var blocks = Pages.In("sh", page).Where(IsRun).ToList();

        await using var session = sandbox.Run(page, blocks);
        session.CloseInput();
        await session.WaitForExit(TimeSpan.FromMinutes(4));

        session.ExitCode.Should().Be(0, "the commands of {0} work. {1}", page, session.Describe());
        foreach (var words in BroughtByTheRelay.Where(words => blocks.Exists(block => block.Text.Contains(words, StringComparison.Ordinal))))
        {
            session.StdoutText.Should().Contain(words);
        }
    }

    [Fact]
    public void No_commands_are_left_out_but_these() =>
        Pages.In("sh").Where(block => !IsRun(block)).Select(block => $"{block.Page}: {block.FirstLine}").Should().BeEquivalentTo(NotRun);

    [Fact]
    public void Commands_stand_in_blocks_that_this_test_finds() =>
        Pages.Blocks.Where(block => block.Language is "bash" or "shell" or "console" or "zsh").Should().BeEmpty("commands stand in blocks of language 'sh'");

    private static bool IsRun(DocBlock block) => block.Marker.NotRunBecause is null;
}
