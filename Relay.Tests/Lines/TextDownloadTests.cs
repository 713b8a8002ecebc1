using System.Net;
using System.Text;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Lines;

/// <summary>The text of a log as its clients get it.</summary>
public sealed class TextDownloadTests(SharedRelay shared) : IClassFixture<SharedRelay>
{
    [Fact]
    public async Task Both_outputs_come_as_one_text_or_one_of_them_or_with_times()
    {
        var session = await shared.Api.CreateSession(RelayApi.NewId("nightly run"));
        await shared.Api.Append(session, "one\r\ntwo\nope"u8.ToArray());
        await shared.Api.Append(session, [(byte)'e', 0xFF, 0, (byte)'\n'], "stderr");
        await shared.Api.Append(session, "n"u8.ToArray());

        using var answer = await shared.Api.Send(HttpMethod.Get, Path(session));

        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        answer.Content.Headers.ContentType!.ToString().Should().Be("text/plain; charset=utf-8");
        answer.Headers.CacheControl!.NoStore.Should().BeTrue();
        answer.Headers.GetValues("X-Content-Type-Options").Should().Equal("nosniff");
        (await answer.Content.ReadAsByteArrayAsync()).Should().Equal([.. "one\r\ntwo\ne"u8, 0xFF, 0, .. "\nopen"u8]);
        (await TextOf(session, "?output=stdout")).Should().Be("one\r\ntwo\nopen");
        (await TextOf(session, "?output=stdout&times=true")).Should().MatchRegex("^20[0-9-]{8}T[0-9:.]{15}Z stdout F one\r\n20[^ ]+ stdout F two\n20[^ ]+ stdout P open\n$");
        (await TextOf(session, "?output=stderr&times=false")).Should().StartWith("e");
        (await TextOf(await shared.Api.CreateSession())).Should().BeEmpty();
        (await shared.Api.Status(session))!.Readers.Should().Be(0);
    }

    [Theory]
    [InlineData("?output=both", "unknown_output", "'both' is not an output; it must be stdout or stderr")]
    [InlineData("?output=", "unknown_output", "must be stdout or stderr")]
    [InlineData("?output=stdout&output=stderr", "unknown_output", "must be stdout or stderr")]
    [InlineData("?times=maybe", "invalid_request", "times='maybe' must be true or false")]
    public async Task A_wrong_parameter_is_told_with_what_would_be_right(string query, string code, string detail)
    {
        var session = await shared.Api.CreateSession();

        using var answer = await shared.Api.Send(HttpMethod.Get, Path(session, query));

        (await Problem.Of(answer, HttpStatusCode.BadRequest, code)).Detail.Should().Contain(detail);
    }

    [Fact]
    public async Task A_session_that_is_not_there_has_no_text()
    {
        using var unknown = await shared.Api.Send(HttpMethod.Get, Path("unknown"));
        await Problem.Of(unknown, HttpStatusCode.NotFound, "session_not_found");

        var session = await shared.Api.CreateSession();
        (await shared.Api.Send(HttpMethod.Delete, RelayApi.SessionPath(session))).Dispose();
        using var gone = await shared.Api.Send(HttpMethod.Get, Path(session));
        await Problem.Of(gone, HttpStatusCode.Gone, "session_deleted");
    }

    [Theory]
    [InlineData("a deletion")]
    [InlineData("a stopping server")]
    public async Task A_text_that_is_not_whole_breaks_off_and_holds_up_no_stop(string cause)
    {
        await using var relay = await RelayHost.StartAsync();
        var session = await relay.Api.CreateSession();
        await relay.Api.Append(session, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(new string('x', 99) + '\n', 160_000))));
        using var answer = await relay.Http.GetAsync(Path(session), HttpCompletionOption.ResponseHeadersRead);
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        (await relay.Api.Status(session))!.Readers.Should().Be(1, "a download is a reader");

        if (cause == "a deletion")
        {
            (await relay.Api.Send(HttpMethod.Delete, RelayApi.SessionPath(session))).EnsureSuccessStatusCode();
        }
        else
        {
            await relay.StopAsync();
        }

        var rest = () => Eventually.Done(answer.Content.CopyToAsync(Stream.Null), "the body breaks off");
        (await rest.Should().ThrowAsync<Exception>("a body that is not whole is never ended as if it were")).Which.Should().NotBeOfType<TimeoutException>();
    }

    private static string Path(string session, string query = "") => $"/logs/{Uri.EscapeDataString(session)}/text{query}";

    private async Task<string> TextOf(string session, string query = "")
    {
        using var answer = await shared.Api.Send(HttpMethod.Get, Path(session, query));
        answer.StatusCode.Should().Be(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        return Encoding.Latin1.GetString(await answer.Content.ReadAsByteArrayAsync());
    }
}
