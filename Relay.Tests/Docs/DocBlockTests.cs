using FluentAssertions;
using Xunit;

namespace Relay.Tests.Docs;

public sealed class DocBlockTests
{
    [Fact]
    public void A_block_has_its_line_language_text_and_marker()
    {
        var blocks = DocBlock.Of("p.md", "intro\n\n```sh\none\n\ntwo\n```\n- item\n\n  <!-- background, exits 3 -->\n  ```yaml\n  a:\n    b\n  ```\n");

        blocks.Should().Equal(
            new DocBlock("p.md", 4, "sh", "one\n\ntwo\n", new DocMarker()),
            new DocBlock("p.md", 12, "yaml", "a:\n  b\n", new DocMarker(Background: true, ExitCode: 3)));
    }

    [Fact]
    public void A_block_that_is_not_run_says_why() =>
        DocBlock.Of("p.md", "<!-- not run: another machine -->\n```sh\nx\n```\n").Single().Marker.Should().Be(new DocMarker("another machine"));

    [Theory]
    [InlineData("<!-- backgrond -->\n```sh\nx\n```\n", "p.md:1: 'backgrond' is no marker of a block.*")]
    [InlineData("```sh\nx\n", "p.md:1: the fence is never closed.")]
    public void A_mistake_is_named_with_its_line(string markdown, string message) =>
        FluentActions.Invoking(() => DocBlock.Of("p.md", markdown)).Should().Throw<FormatException>().WithMessage(message);
}
