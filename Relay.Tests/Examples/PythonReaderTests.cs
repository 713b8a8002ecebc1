using System.Net.Http.Json;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Examples;

/// <summary><c>relay_reader.py</c>: the bytes, the end, and what is wrong.</summary>
[Trait("Category", "EndToEnd")]
public sealed class PythonReaderTests(SharedRelay relay) : IClassFixture<SharedRelay>
{
    private RelayApi Api => relay.Api;

    [Fact]
    public async Task A_reader_that_waits_shows_a_job_live_and_exits_as_it_did()
    {
        var session = RelayApi.NewId();
        await using var reader = PythonExample.Reader(session, Api.BaseAddress, "--wait");
        await Api.CreateSession(session);

        await Api.Append(session, "one\xfftwo\n"u8.ToArray());
        await reader.Printed(9, "what is written is shown at once");
        await Api.Append(session, "a warning\n"u8.ToArray(), "stderr");
        await Complete(session, 7);
        await reader.WaitForExit();

        reader.ShouldHavePrinted("one\xfftwo\n"u8.ToArray(), "a warning\n"u8.ToArray(), 7, "the reader");
    }

    [Theory]
    [InlineData("2\n3\n", "--tail", "2", "--output", "stdout")]
    [InlineData("", "--tail", "0", "--output", "stdout", "--no-follow")]
    [InlineData("1\n2\n3\n", "--no-follow")]
    public async Task A_reader_begins_where_it_was_asked_to(string expected, params string[] options)
    {
        var session = await Api.CreateSession();
        await Api.Append(session, "1\n2\n3\n"u8.ToArray());
        await Complete(session, 0);

        await using var reader = PythonExample.Reader(session, Api.BaseAddress, options);
        await reader.WaitForExit();

        reader.ShouldHavePrinted(System.Text.Encoding.ASCII.GetBytes(expected), [], 0, "the reader");
    }

    [Fact]
    public async Task A_session_that_is_not_there_or_no_longer_is_told()
    {
        var deleted = await Api.CreateSession();
        await using var reader = PythonExample.Reader(deleted, Api.BaseAddress);
        await Api.Append(deleted, "x"u8.ToArray());
        await reader.Printed("x");
        using var deletion = await Api.Send(HttpMethod.Delete, RelayApi.SessionPath(deleted));
        await using var stranger = PythonExample.Reader("never-created", Api.BaseAddress);

        await reader.WaitForExit();
        await stranger.WaitForExit();

        reader.ExitCode.Should().Be(110, reader.Describe());
        reader.StderrText.Should().StartWith($"relay_reader: Session '{deleted}' was deleted at ");
        stranger.ExitCode.Should().Be(104, stranger.Describe());
        stranger.StderrText.Should().StartWith("relay_reader: There is no session 'never-created'.");
    }

    [Fact]
    public async Task Missing_bytes_are_named_and_reading_goes_on_behind_them()
    {
        await using var trimming = await RelayHost.StartAsync(options =>
        {
            options.Settings["Storage:SegmentBytes"] = "65536";
            options.Settings["Storage:MaxSessionBytes"] = "150000";
        });
        var session = await trimming.Api.CreateSession();
        for (var i = 0; i < 20; i++)
        {
            await trimming.Api.Append(session, new byte[20_000]);
        }

        await using var reader = PythonExample.Reader(session, trimming.BaseAddress, "--no-follow");
        await reader.WaitForExit();

        reader.ExitCode.Should().Be(106, reader.Describe());
        reader.StdoutLength.Should().BeInRange(1, 399_999);
        reader.StderrText.Should().StartWith($"relay_reader: bytes of stdout are missing from offset 0 on: Read on with ?from={400_000 - reader.StdoutLength}: ");
    }

    private async Task Complete(string session, int exitCode)
    {
        using var answer = await Api.Send(HttpMethod.Post, $"{RelayApi.SessionPath(session)}/complete", JsonContent.Create(new { exit_code = exitCode }));
        answer.EnsureSuccessStatusCode();
    }
}
