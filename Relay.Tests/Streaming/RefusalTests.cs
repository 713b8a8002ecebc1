using System.Net;
using System.Text;
using System.Text.Json;
using FluentAssertions;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Streaming;

/// <summary>Bad input gets a clear error and harms nobody else.</summary>
public sealed class RefusalTests(SharedRelay relay) : IClassFixture<SharedRelay>, IAsyncLifetime
{
    private Neighbour _neighbour = null!;

    private RelayApi Api => relay.Api;

    public static TheoryData<string> WrongIds => new()
    {
        "", ".", "..", "a/b", "a\\b", "a\u0000b", "a\nb", "a\u007fb", "a\u0085b", new string('x', 257), string.Concat(Enumerable.Repeat("\u20ac", 86)),
    };

    public static TheoryData<string> OddIds => new()
    {
        "a", " ", "...", "a b", "100%", "what?", "#1", "a+b", "a:b;c=d", "\u0441\u0435\u0441\u0441\u0438\u044f", "\U0001f600", new string('x', 256),
    };

    public async Task InitializeAsync() => _neighbour = await Neighbour.MoveIn(Api);

    /// <summary>Every test of this class ends with a look at the neighbour.</summary>
    public async Task DisposeAsync()
    {
        try
        {
            await _neighbour.ShouldBeUntouched();
        }
        finally
        {
            await _neighbour.DisposeAsync();
        }
    }

    [Theory]
    [MemberData(nameof(WrongIds))]
    public async Task A_wrong_id_in_a_body_is_refused(string id)
    {
        using var answer = await PostJson(JsonSerializer.Serialize(new { session_id = id }));

        (await Problem.Of(answer, HttpStatusCode.BadRequest, "invalid_session_id")).Detail.Should().Contain("256 UTF-8 bytes");
    }

    [Theory]
    [InlineData("POST", "/logging_session/a%5Cb")]
    [InlineData("PUT", "/logging_session/a%0Ab")]
    [InlineData("GET", "/logging_session/a%01b")]
    [InlineData("DELETE", "/logging_session/a%7Fb")]
    [InlineData("GET", "/logs/a%01b/read/stdout")]
    [InlineData("PUT", "/logs/a%5Cb/write/stdout")]
    public async Task A_wrong_id_in_a_path_is_refused(string method, string path)
    {
        using var answer = await Api.Send(new HttpMethod(method), path);

        (await Problem.Of(answer, HttpStatusCode.BadRequest, "invalid_session_id")).Detail.Should().Contain("256 UTF-8 bytes");
    }

    [Theory]
    [MemberData(nameof(OddIds))]
    public async Task An_odd_id_is_as_good_as_any(string id)
    {
        await Api.CreateSession(id);
        await Api.Append(id, "odd"u8.ToArray());

        (await Api.ReadAll(id)).ShouldBeExactly("odd"u8.ToArray(), "the session of an odd id");
        var status = await Api.Status(id);
        status.Should().NotBeNull("the session that was just created can be asked for");
        status!.SessionId.Should().Be(id);
        using var deleted = await Api.Send(HttpMethod.Delete, RelayApi.SessionPath(id));
        deleted.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"session_id": null}""")]
    [InlineData("""{"session_id":""")]
    [InlineData("""{"session_id": 5}""")]
    [InlineData("""["a"]""")]
    [InlineData("\"a\"")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("""{"session_id": "a", "labels": "b"}""")]
    [InlineData("""{"session_id": "a", "labels": {"b": {}}}""")]
    [InlineData("\u0000\u0001\u0002")]
    public async Task A_malformed_body_is_refused(string body)
    {
        using var answer = await PostJson(body);

        await Problem.Of(answer, HttpStatusCode.UnprocessableEntity, "invalid_request");
        (await Api.Status("a")).Should().BeNull("nothing was created");
    }

    [Fact]
    public async Task A_body_nested_ten_thousand_deep_is_refused()
    {
        using var answer = await PostJson(new string('[', 10_000));

        await Problem.Of(answer, HttpStatusCode.UnprocessableEntity, "invalid_request");
    }

    [Theory]
    [InlineData("GET", "read", "stdin")]
    [InlineData("GET", "read", "STDOUT")]
    [InlineData("PUT", "write", "log")]
    [InlineData("HEAD", "write", "3")]
    public async Task An_unknown_output_is_refused(string method, string way, string output)
    {
        var session = await Api.CreateSession();
        using var answer = await Api.Send(new HttpMethod(method), $"/logs/{session}/{way}/{output}");

        answer.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        if (method != "HEAD")
        {
            (await Problem.Of(answer, HttpStatusCode.BadRequest, "unknown_output")).Detail.Should().Contain("stdout").And.Contain("stderr").And.Contain(output);
        }
    }

    [Theory]
    [InlineData("/logs/{0}/read/stdin", 400, "unknown_output")]
    [InlineData("/logs/{0}/write/stdin", 400, "unknown_output")]
    [InlineData("/logs/never-{0}/read/stdout", 404, "session_not_found")]
    [InlineData("/logs/never-{0}/write/stdout", 404, "session_not_found")]
    [InlineData("/logs/{0}/read/stdout?tail=some", 400, "invalid_request")]
    [InlineData("/logs/{0}/read/stdout?from=-1", 400, "invalid_request")]
    [InlineData("/logs/{0}/read/stdout?format=morse", 400, "invalid_request")]
    public async Task A_handshake_is_refused_with_a_reason(string path, int status, string code)
    {
        var session = await Api.CreateSession();

        using var answer = await Api.Handshake(string.Format(path, session));

        await Problem.Of(answer, (HttpStatusCode)status, code);
    }

    [Fact]
    public async Task A_second_writer_is_refused_with_a_reason_by_every_door()
    {
        var session = await Api.CreateSession();
        await using var writer = await Api.Writer(session);

        using var handshake = await Api.Handshake(RelayApi.WritePath(session));
        using var put = await Api.Put(session, "stdout", "x"u8.ToArray());
        await using var hub = await JsonHub.Connect(Api);
        var call = await hub.Stream(HubRoutes.Write, new { version = 1, session, runId = "other", attempt = 1 }, upload: true);
        var write = () => call.Next();

        await Problem.Of(handshake, HttpStatusCode.Conflict, "writer_already_connected");
        await Problem.Of(put, HttpStatusCode.Conflict, "writer_already_connected");
        (await write.Should().ThrowAsync<WriterRefusedException>()).Which.Code.Should().Be(RelayErrorCode.WriterAlreadyConnected);
        await writer.Send("mine");
        await Eventually.True(async () => (await Api.ReadAll(session)).SequenceEqual("mine"u8.ToArray()), "the holder writes on");
    }

    [Fact]
    public async Task Deleted_sessions_say_that_they_are()
    {
        var session = await Api.CreateSession();
        await using var reader = await Api.Reader(session);
        using var deleted = await Api.Send(HttpMethod.Delete, RelayApi.SessionPath(session));

        await reader.ReceiveToClose();
        ((int?)reader.CloseStatus).Should().Be(4410);
        reader.CloseReason.Should().StartWith("session_deleted: ");
        using var read = await Api.Send(HttpMethod.Get, RelayApi.ReadPath(session));
        using var write = await Api.Put(session, "stdout", "x"u8.ToArray());
        await Problem.Of(read, HttpStatusCode.Gone, "session_deleted");
        await Problem.Of(write, HttpStatusCode.Gone, "session_deleted");
        using var again = await Api.Send(HttpMethod.Delete, RelayApi.SessionPath(session));
        await Problem.Of(again, HttpStatusCode.NotFound, "session_not_found");
        await Api.CreateSession(session);
        (await Api.ReadAll(session)).Should().BeEmpty("it is a new session");
    }

    [Fact]
    public async Task A_writer_that_vanishes_leaves_its_bytes_and_its_place()
    {
        var session = await Api.CreateSession();
        await using var reader = await Api.Reader(session);
        using var writer = await RawTcp.ConnectWebSocket(Api.BaseAddress, RelayApi.WritePath(session));
        await writer.SendTextFrame("last words\n");
        (await reader.Receive())!.Text.Should().Be("last words\n");

        writer.Vanish();

        await Eventually.True(async () => (await Api.Status(session))!.Outputs["stdout"].State == "closed", "the server noticed");
        await using var successor = await Api.Writer(session);
        await successor.Send("new words\n");
        (await reader.Receive())!.Text.Should().Be("new words\n");
    }

    [Fact]
    public async Task A_writer_that_vanishes_for_good_ends_its_raw_readers()
    {
        var session = await Api.CreateSession();
        await using var reader = await Api.Reader(session);
        using var writer = await RawTcp.ConnectWebSocket(Api.BaseAddress, RelayApi.WritePath(session));
        await writer.SendTextFrame("last words\n");
        writer.Vanish();

        var messages = await reader.ReceiveToClose();

        messages.Select(message => message.Text).Should().Equal("last words\n");
        ((int?)reader.CloseStatus).Should().Be(1000);
        reader.CloseReason.Should().Be("writer_lost");
    }

    [Fact]
    public async Task A_body_that_breaks_off_leaves_what_had_arrived()
    {
        var session = await Api.CreateSession();
        using var writer = await RawTcp.Connect(Api.BaseAddress);
        await writer.Send($"PUT {RelayApi.WritePath(session)} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n10\r\nhalf a");
        await Eventually.True(async () => (await Api.ReadAll(session)).Length == 11, "what came is stored as it came");

        writer.Vanish();

        await Eventually.True(async () => (await Api.Status(session))!.Outputs["stdout"].State == "closed", "the server noticed");
        (await Api.ReadAll(session)).ShouldBeExactly("hellohalf a"u8.ToArray(), "what had arrived");
    }

    [Fact]
    public async Task A_malformed_chunk_ends_that_upload_only()
    {
        var session = await Api.CreateSession();
        using var writer = await RawTcp.Connect(Api.BaseAddress);
        await writer.Send($"PUT {RelayApi.WritePath(session)} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        await Eventually.True(async () => (await Api.ReadAll(session)).Length == 5, "the good chunk is stored");

        await writer.Send("XYZ\r\nno chunk");
        await writer.WaitForEnd();

        await Eventually.True(async () => (await Api.Status(session))!.Outputs["stdout"].Writer is null, "the lease is free again");
        (await Api.ReadAll(session)).ShouldBeExactly("hello"u8.ToArray(), "what was well-formed");
    }

    private Task<HttpResponseMessage> PostJson(string body) =>
        Api.Send(HttpMethod.Post, "/logging_session", new StringContent(body, Encoding.UTF8, "application/json"));
}
