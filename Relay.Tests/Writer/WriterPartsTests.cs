using FluentAssertions;
using Relay.Writer.Delivering;
using Relay.Writer.Run;
using Xunit;

namespace Relay.Tests.Writer;

public sealed class WriterPartsTests
{
    [Theory]
    [InlineData("30s", 30_000)]
    [InlineData("500ms", 500)]
    [InlineData("1.5m", 90_000)]
    [InlineData("2h", 7_200_000)]
    [InlineData("7", 7_000)]
    [InlineData("0s", 0)]
    public void Durations_have_units(string text, double milliseconds)
    {
        Durations.TryParse(text, out var duration).Should().BeTrue();
        duration.TotalMilliseconds.Should().Be(milliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("3d")]
    [InlineData("25h")]
    [InlineData("1sm")]
    public void What_is_no_duration_is_refused(string text) => Durations.TryParse(text, out _).Should().BeFalse();

    [Fact]
    public void Commands_are_found_along_the_path_and_not_in_the_current_folder()
    {
        CommandPath.Find("sh", "/nowhere:/bin").Should().Be("/bin/sh");
        FluentActions.Invoking(() => CommandPath.Find("Relay.Tests.dll", "/bin")).Should().Throw<JobNotStartedException>().Which.ExitCode.Should().Be(127);
    }

    [Theory]
    [InlineData("nightly-2", "nightly-2")]
    [InlineData("my job", "'my job'")]
    [InlineData("it's", @"'it'\''s'")]
    public void Words_can_be_pasted_into_a_shell(string word, string quoted) => ShellWord.Quote(word).Should().Be(quoted);

    [Theory]
    [InlineData("http://host/relay", "http://HOST:80/relay/", true)]
    [InlineData("http://host", "http://host/", true)]
    [InlineData("http://host/relay", "http://host/other", false)]
    [InlineData("http://host/relay", "http://host", false)]
    [InlineData("http://host/relay", "https://host/relay", false)]
    [InlineData("http://host/relay", "http://host:8160/relay", false)]
    public void The_token_is_for_one_relay_and_not_for_all_of_its_host(string one, string other, bool isSame) =>
        DeliveryOptions.IsSameRelay(new Uri(one), new Uri(other)).Should().Be(isSame);
}
