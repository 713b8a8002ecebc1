using System.Text.Json;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class SearchTests(SharedRelay shared) : IClassFixture<SharedRelay>
{
    private readonly string _session = RelayApi.NewId();

    [Fact]
    public async Task It_prints_the_lines_that_match_with_their_numbers()
    {
        await Job.Complete(shared.Host, _session, "one\nTwo needle\nthree\n", "a needle in stderr\n");

        var search = await Search("needle");
        search.ExitCode.Should().Be(0);
        search.Lines.Should().BeEquivalentTo(["2:Two needle", "4!a needle in stderr"]);
        (await Search("two", "-i")).Lines.Should().Equal("2:Two needle");
        (await Search("two")).ExitCode.Should().Be(1, "it says what grep says");
        (await Search("^t.*e$", "-E", "--output", "stdout")).Lines.Should().Equal("3:three");
        (await Search("needle", "--count")).Lines.Should().Equal("2");
        (await Search("e", "--last", "--limit", "1")).Lines.Should().ContainSingle();
    }

    [Fact]
    public async Task More_than_one_answer_holds_comes_in_several()
    {
        await Job.Complete(shared.Host, _session, string.Concat(Enumerable.Range(0, 2500).Select(i => $"ERROR {i}\n")));

        (await Search("--level", "error")).Lines.Should().Equal(Enumerable.Range(0, 2500).Select(i => $"{i + 1}:ERROR {i}"));
        (await Search("--level", "error", "--last", "-m", "1200")).Lines.Should().Equal(Enumerable.Range(1300, 1200).Reverse().Select(i => $"{i + 1}:ERROR {i}"));
    }

    [Fact]
    public async Task Documents_are_those_of_the_REST_call()
    {
        await Job.Complete(shared.Host, _session, "x\nWARN needle\n");

        var line = (await Search("needle", "--json")).Lines.Should().ContainSingle().Subject;
        using var answer = await shared.Api.Send(HttpMethod.Get, $"/logs/{_session}/search?q=needle");
        using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());

        document.RootElement.GetProperty("matches")[0].GetRawText().Should().Be(line);
        document.RootElement.GetProperty("end").GetString().Should().Be("complete");
        line.Should().Contain("\"line\":2").And.Contain("\"level\":\"warn\"").And.Contain("\"text\":\"WARN needle\"");
    }

    [Theory]
    [InlineData("/logs/{0}/search", "There is nothing to search for")]
    [InlineData("/logs/{0}/search?q=x&limit=0", "limit='0' must be from 1 to 10000")]
    [InlineData("/logs/{0}/search?level=bad", "level='bad' must be trace")]
    [InlineData("/logs/{0}/search?q=(&regex=true", "no regular expression")]
    [InlineData("/logs/{0}/search?q=x&output=log", "'log' is not an output")]
    public async Task A_wrong_question_is_told_what_would_be_right(string path, string expected)
    {
        await Job.Leave(shared.Host, _session, "x\n");
        using var answer = await shared.Api.Send(HttpMethod.Get, string.Format(System.Globalization.CultureInfo.InvariantCulture, path, _session));

        ((int)answer.StatusCode).Should().Be(400);
        (await answer.Content.ReadAsStringAsync()).Should().Contain(expected);
    }

    [Fact]
    public async Task Wrong_command_lines_and_unknown_sessions_have_their_exit_codes()
    {
        var nothing = await Search();
        nothing.ExitCode.Should().Be(2);
        nothing.Error.Should().Contain("nothing to search for");
        (await Search("x")).ExitCode.Should().Be(104);
    }

    private Task<InMemoryCli> Search(params string[] args) => InMemoryCli.RunAsync(shared.Host.BaseAddress, ["search", _session, .. args]);
}
