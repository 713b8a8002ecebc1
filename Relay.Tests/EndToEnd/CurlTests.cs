using System.Text;
using System.Text.Json;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.EndToEnd;

/// <summary>The commands of <c>docs/protocol.md</c> §4, typed at a shell.</summary>
[Trait("Category", "EndToEnd")]
public sealed class CurlTests(CurlTests.Server server) : IClassFixture<CurlTests.Server>
{
    private RelayApi Api => server.Relay.Api;

    [Fact]
    public async Task A_pipe_is_uploaded_live_and_followed_live()
    {
        var session = await Api.CreateSession();
        await using var reader = Curl("-N", Read(session, "?follow=true"));
        await using var writer = ChildProcess.Start(new ChildCommand(
            "bash", "-c", """{ printf 'first\n'; cat; } | curl -sS --fail-with-body -T - "$0" """, Write(session)));

        await reader.Printed("first\n");
        await writer.Write("second, without an end");
        writer.CloseInput();
        await writer.WaitForExit();
        await reader.WaitForExit();

        writer.ExitCode.Should().Be(0, writer.Describe());
        var answer = JsonDocument.Parse(writer.Stdout).RootElement;
        answer.GetProperty("status").GetString().Should().Be("ok");
        answer.GetProperty("offset").GetInt64().Should().Be(28);
        reader.ShouldHavePrinted("first\nsecond, without an end"u8.ToArray(), [], 0, "curl -N ?follow=true");
    }

    [Theory]
    [InlineData("", "one\ntwo\nthree\nrest")]
    [InlineData("?tail=2", "three\nrest")]
    [InlineData("?tail=1", "rest")]
    [InlineData("?tail=100", "one\ntwo\nthree\nrest")]
    [InlineData("?from=4", "two\nthree\nrest")]
    [InlineData("?from=0", "one\ntwo\nthree\nrest")]
    [InlineData("?from=18", "")]
    public async Task A_read_begins_where_it_was_asked_to(string query, string expected)
    {
        var session = await Fill("one\ntwo\nthree\nrest");

        (await Run("--fail", Read(session, query))).Should().Be(expected);
    }

    [Theory]
    [InlineData("bytes=0-3", "one\n", "bytes 0-3/18")]
    [InlineData("bytes=4-", "two\nthree\nrest", "bytes 4-17/18")]
    [InlineData("bytes=-4", "rest", "bytes 14-17/18")]
    [InlineData("bytes=14-99", "rest", "bytes 14-17/18")]
    public async Task A_range_answers_206(string range, string expected, string contentRange)
    {
        var session = await Fill("one\ntwo\nthree\nrest");

        var answer = await Run("-i", "-H", $"Range: {range}", Read(session));

        answer.Should().StartWith("HTTP/1.1 206").And.ContainEquivalentOf($"\r\nContent-Range: {contentRange}\r\n").And.EndWith($"\r\n\r\n{expected}");
    }

    [Theory]
    [InlineData("?from=19", null)]
    [InlineData("", "bytes=18-")]
    public async Task What_lies_beyond_the_end_answers_416(string query, string? range)
    {
        var session = await Fill("one\ntwo\nthree\nrest");

        var (status, problem) = await Refused([.. range is null ? [] : new[] { "-H", $"Range: {range}" }, Read(session, query)]);

        status.Should().Be(416);
        problem.GetProperty("code").GetString().Should().Be("range_not_satisfiable");
    }

    [Fact]
    public async Task From_and_tail_together_are_refused()
    {
        var session = await Fill("one\n");

        var (status, problem) = await Refused(Read(session, "?from=0&tail=1"));

        status.Should().Be(400);
        problem.GetProperty("code").GetString().Should().Be("invalid_request");
    }

    [Fact]
    public async Task Head_tells_the_length_and_the_next_offset()
    {
        var session = await Fill("one\ntwo\nthree\nrest");

        var read = await Run("-I", Read(session));
        var write = await Run("-I", Write(session));

        read.Should().StartWith("HTTP/1.1 200").And.ContainEquivalentOf("\r\nContent-Length: 18\r\n").And.ContainEquivalentOf("\r\nRelay-Next-Offset: 18\r\n")
            .And.ContainEquivalentOf("\r\nContent-Type: application/octet-stream\r\n").And.ContainEquivalentOf("\r\nX-Request-ID: ");
        write.Should().StartWith("HTTP/1.1 200").And.ContainEquivalentOf("\r\nRelay-Next-Offset: 18\r\n");
    }

    [Fact]
    public async Task Put_with_an_offset_is_stored_once_however_often_it_is_sent()
    {
        var session = await Api.CreateSession();

        foreach (var (offset, bytes, length) in new[] { (0, "abc", 3), (0, "abc", 3), (0, "abcdef", 6), (3, "defg", 7), (7, "h", 8), (0, "abcdefgh", 8) })
        {
            var answer = await Run("--fail-with-body", "-X", "PUT", "--data-binary", bytes, Write(session, $"?offset={offset}&run=r"));
            JsonDocument.Parse(answer).RootElement.GetProperty("offset").GetInt64().Should().Be(length);
        }

        (await Run(Read(session))).Should().Be("abcdefgh");
    }

    [Fact]
    public async Task Put_beyond_the_end_answers_409_with_the_expected_offset()
    {
        var session = await Fill("abc");

        var (status, problem) = await Refused("-X", "PUT", "--data-binary", "xyz", Write(session, "?offset=5"));

        status.Should().Be(409);
        problem.GetProperty("code").GetString().Should().Be("offset_mismatch");
        problem.GetProperty("expected_offset").GetInt64().Should().Be(3);
        (await Run(Read(session))).Should().Be("abc");
    }

    [Fact]
    public async Task Put_below_the_runs_base_answers_409()
    {
        var session = await Api.CreateSession();
        await Run("--fail", "-X", "PUT", "--data-binary", "abc", Write(session, "?offset=0&run=first"));

        await Run("--fail", "-X", "PUT", "--data-binary", "def", Write(session, "?offset=3&run=second"));
        var (status, problem) = await Refused("-X", "PUT", "--data-binary", "bcdefg", Write(session, "?offset=1&run=second"));

        status.Should().Be(409);
        problem.GetProperty("code").GetString().Should().Be("offset_before_run");
        (await Run(Read(session))).Should().Be("abcdef");
    }

    [Fact]
    public async Task A_request_id_is_handed_back_if_it_is_sensible()
    {
        var own = await Run("-i", "-H", "X-Request-ID: my-own.id_1", Api.Url("/health"));
        var made = await Run("-i", "-H", "X-Request-ID: not sensible", Api.Url("/health"));

        own.Should().ContainEquivalentOf("\r\nX-Request-ID: my-own.id_1\r\n");
        made.Should().ContainEquivalentOf("\r\nX-Request-ID: ").And.NotContain("not sensible");
    }

    private static ChildProcess Curl(params string[] arguments)
    {
        var curl = ChildProcess.Start(new ChildCommand("curl", ["-sS", "--noproxy", "*", .. arguments]));
        curl.CloseInput();
        return curl;
    }

    private static async Task<string> Run(params string[] arguments)
    {
        await using var curl = Curl(arguments);
        await curl.WaitForExit();
        curl.ExitCode.Should().Be(0, curl.Describe());
        return curl.StdoutText;
    }

    private static async Task<(int Status, JsonElement Problem)> Refused(params string[] arguments)
    {
        var answer = await Run(["-w", "\n%{http_code}", .. arguments]);
        var end = answer.LastIndexOf('\n');
        return (int.Parse(answer[(end + 1)..]), JsonDocument.Parse(answer[..end]).RootElement);
    }

    private async Task<string> Fill(string text)
    {
        var session = await Api.CreateSession();
        await Api.Append(session, Encoding.UTF8.GetBytes(text));
        return session;
    }

    private string Read(string session, string query = "") => Api.Url(RelayApi.ReadPath(session, "stdout", query));

    private string Write(string session, string query = "") => Api.Url(RelayApi.WritePath(session, "stdout", query));

    public sealed class Server : IAsyncLifetime
    {
        internal RelayServerProcess Relay { get; private set; } = null!;

        public async Task InitializeAsync() => Relay = await RelayServerProcess.StartAsync();

        public async Task DisposeAsync() => await Relay.DisposeAsync();
    }
}
