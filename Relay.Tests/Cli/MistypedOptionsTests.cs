using FluentAssertions;
using Relay.Cli;
using Relay.Terminal;
using Xunit;

namespace Relay.Tests.Cli;

/// <summary>A mistyped option is never taken for the name of a session.</summary>
public sealed class MistypedOptionsTests
{
    [Theory]
    [InlineData("create --lable")]
    [InlineData("delete s --dry-run")]
    [InlineData("tail s --no-folow")]
    [InlineData("sessions --wtach")]
    public async Task It_is_refused_before_anything_happens(string line)
    {
        var error = new MemoryStream();
        var streams = new StandardStreams(Stream.Null, error, ErrorIsTerminal: false);
        var option = line[line.IndexOf("--", StringComparison.Ordinal)..];

        (await CommandLine.RunAsync(line.Split(' '), streams, CommandLine.Relay, CancellationToken.None)).Should().Be(2);
        System.Text.Encoding.UTF8.GetString(error.ToArray()).Should().StartWith($"relay: '{option}' is not an option of {line.Split(' ')[0]}.");
    }

    [Fact]
    public async Task Behind_two_dashes_it_is_a_name()
    {
        var error = new MemoryStream();
        await CommandLine.RunAsync(["verify", "--url", "http://127.0.0.1:1", "--", "-s"], new StandardStreams(Stream.Null, error, ErrorIsTerminal: false), CommandLine.Relay, CancellationToken.None);
        System.Text.Encoding.UTF8.GetString(error.ToArray()).Should().NotContain("is not an option");
    }
}
