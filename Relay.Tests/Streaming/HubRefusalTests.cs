using System.Text;
using System.Text.Json;
using FluentAssertions;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Streaming;

/// <summary>A frame that is not a hub message ends its connection; a wrong argument fails its invocation; neither touches anybody else.</summary>
public sealed class HubRefusalTests(SharedRelay relay) : IClassFixture<SharedRelay>, IAsyncLifetime
{
    private const string MessagePackHandshake = "{\"protocol\":\"messagepack\",\"version\":1}\u001e";
    private const string JsonHandshake = "{\"protocol\":\"json\",\"version\":1}\u001e";

    private Neighbour _neighbour = null!;

    private RelayApi Api => relay.Api;

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
    [InlineData("no JSON at all\u001e")]
    [InlineData("{\"protocol\":\"morse\",\"version\":1}\u001e")]
    [InlineData("{\"protocol\":\"messagepack\",\"version\":99}\u001e")]
    [InlineData("{}\u001e")]
    public async Task A_wrong_handshake_is_refused(string handshake)
    {
        await using var peer = await Api.Connect(HubRoutes.Logs);

        await peer.Send(handshake);

        var answer = await peer.Receive();
        answer?.Text.Should().Contain("error");
        await peer.WaitForEnd();
    }

    /// <summary>
    /// A frame is a length of 1 to 5 bytes, 7 bits each, lowest first, and that many bytes of MessagePack: an array whose first element is the
    /// type of the message (SignalR HubProtocol.md, "MessagePack (MsgPack) encoding").
    /// </summary>
    [Theory]
    [InlineData("a length that never ends", new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })]
    [InlineData("a length beyond 2 GiB", new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0x7F })]
    [InlineData("nil instead of an array", new byte[] { 0x01, 0xC0 })]
    [InlineData("an empty array", new byte[] { 0x01, 0x90 })]
    [InlineData("a byte that MessagePack never uses", new byte[] { 0x02, 0x91, 0xC1 })]
    [InlineData("a type that is text", new byte[] { 0x03, 0x91, 0xA1, 0x31 })]
    [InlineData("an array longer than its frame", new byte[] { 0x02, 0x96, 0x01 })]
    [InlineData("an array that claims 4 billion elements", new byte[] { 0x06, 0xDD, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 })]
    [InlineData("a target that claims 4 GiB", new byte[] { 0x0A, 0x96, 0x01, 0x80, 0xC0, 0xDB, 0xFF, 0xFF, 0xFF, 0xFF, 0x41 })]
    [InlineData("a frame of nothing", new byte[] { 0x00 })]
    public async Task A_malformed_messagepack_frame_ends_its_connection(string what, byte[] frame)
    {
        await using var peer = await Connect(MessagePackHandshake);

        await peer.Send(frame);

        var end = () => peer.WaitForEnd();
        await end.Should().NotThrowAsync<TimeoutException>($"{what} is malformed");
    }

    [Theory]
    [InlineData("{\"type\":\u001e")]
    [InlineData("[]\u001e")]
    [InlineData("{\"type\":\"one\"}\u001e")]
    public async Task A_malformed_json_frame_ends_its_connection(string frame)
    {
        await using var peer = await Connect(JsonHandshake);

        await peer.Send(frame);

        await peer.WaitForEnd();
    }

    [Fact]
    public async Task A_message_beyond_the_limit_ends_its_connection()
    {
        const int size = 4 << 20;
        await using var peer = await Connect(MessagePackHandshake);

        // The length says 4 MiB: 0x00 in the lowest three groups of seven bits, 2 in the next.
        byte[] length = [0x80, 0x80, 0x80, 0x02];
        var send = async () =>
        {
            await peer.Send(length);
            for (var sent = 0; sent < size; sent += 64 * 1024)
            {
                await peer.Send(new byte[64 * 1024]);
            }
        };

        // The server may hang up before all of it is sent.
        var sending = await Record.ExceptionAsync(send);
        (sending is TimeoutException).Should().BeFalse("the server must not leave the peer hanging");
        await peer.WaitForEnd();
    }

    [Fact]
    public async Task Garbage_of_any_length_ends_its_connection_and_no_other()
    {
        var random = new Random(20240229);
        for (var i = 0; i < 50; i++)
        {
            await using var peer = await Connect(MessagePackHandshake);
            var garbage = new byte[random.Next(1, 2000)];
            random.NextBytes(garbage);
            await peer.Send(garbage);

            // What looks like the start of a long message is waited for, rightly; the peer goes away itself then.
        }
    }

    [Theory]
    [InlineData("never", 1, RelayErrorCode.SessionNotFound)]
    [InlineData("a/b", 1, RelayErrorCode.InvalidSessionId)]
    [InlineData("", 1, RelayErrorCode.InvalidSessionId)]
    [InlineData("SESSION", 99, RelayErrorCode.UnsupportedVersion)]
    public async Task A_wrong_read_request_fails_its_invocation_only(string asked, int version, RelayErrorCode code)
    {
        var session = await Api.CreateSession();
        await using var hub = await JsonHub.Connect(Api);

        var wrong = await hub.Stream(HubRoutes.Read, new { version, session = asked == "SESSION" ? session : asked });
        await ShouldFail(wrong, code);

        var right = await hub.Stream(HubRoutes.Read, new { version = 1, session, follow = false });
        (await right.Next()).Should().NotBeNull("the connection lives on");
    }

    [Theory]
    [InlineData("{ \"version\": 1, \"session\": \"SESSION\", \"outputs\": [7] }", RelayErrorCode.UnknownOutput)]
    [InlineData("{ \"version\": 1, \"session\": \"SESSION\", \"start\": 1, \"cursor\": \"no cursor\" }", RelayErrorCode.InvalidCursor)]
    [InlineData("{ \"version\": 1, \"session\": \"SESSION\", \"start\": 1 }", RelayErrorCode.InvalidCursor)]
    [InlineData("{ \"version\": 1, \"session\": \"SESSION\", \"start\": 77 }", RelayErrorCode.InvalidRequest)]
    [InlineData("{ \"version\": 1, \"session\": \"SESSION\", \"start\": 2, \"tailLines\": -1 }", RelayErrorCode.InvalidRequest)]
    public async Task A_wrong_start_fails_its_invocation_only(string request, RelayErrorCode code)
    {
        var session = await Api.CreateSession();
        await using var hub = await JsonHub.Connect(Api);

        await ShouldFail(await hub.Stream(HubRoutes.Read, JsonDocument.Parse(request.Replace("SESSION", session, StringComparison.Ordinal)).RootElement), code);
    }

    [Theory]
    [InlineData("Nothing")]
    [InlineData("OnDisconnectedAsync")]
    public async Task An_unknown_method_fails_its_invocation_only(string method)
    {
        var session = await Api.CreateSession();
        await using var hub = await JsonHub.Connect(Api);

        var wrong = await hub.Stream(method, new { });
        var next = () => wrong.Next();
        await next.Should().ThrowAsync<RelayException>();

        var right = await hub.Stream(HubRoutes.Read, new { version = 1, session, follow = false });
        (await right.Next()).Should().NotBeNull("the connection lives on");
    }

    [Theory]
    [InlineData("", 1, RelayErrorCode.InvalidRequest)]
    [InlineData("r", 0, RelayErrorCode.InvalidRequest)]
    public async Task A_wrong_write_request_is_refused(string runId, int attempt, RelayErrorCode code)
    {
        var session = await Api.CreateSession();
        await using var hub = await JsonHub.Connect(Api);

        await ShouldFail(await hub.Stream(HubRoutes.Write, new { version = 1, session, runId, attempt }, upload: true), code);
    }

    [Theory]
    [InlineData(2, 1, 5, RelayErrorCode.OffsetMismatch)]
    [InlineData(1, 9, 0, RelayErrorCode.UnknownOutput)]
    [InlineData(9, 1, 0, RelayErrorCode.InvalidRequest)]
    [InlineData(1, 1, -1, RelayErrorCode.InvalidRequest)]
    public async Task A_wrong_item_ends_the_write_and_leaves_the_log_as_it_was(int kind, int output, long offset, RelayErrorCode code)
    {
        var session = await Api.CreateSession();
        await using var hub = await JsonHub.Connect(Api);
        var write = await hub.Stream(HubRoutes.Write, new { version = 1, session, runId = "r", attempt = 1 }, upload: true);
        (await write.Next())!.Value.GetProperty("kind").GetInt32().Should().Be((int)WriteAckKind.Grant);
        await write.Upload(new { kind = 1, output = 1, offset = 0, data = Convert.ToBase64String("good"u8) });
        await Eventually.True(async () => (await Api.ReadAll(session)).Length == 4, "the good item is stored");

        await write.Upload(new { kind, output, offset = offset < 0 ? offset : offset + 4, length = 3, data = Convert.ToBase64String("bad"u8) });

        await ShouldFail(write, code);
        (await Api.ReadAll(session)).ShouldBeExactly("good"u8.ToArray(), "the log");
        await Eventually.True(async () => (await Api.Status(session))!.Outputs["stdout"].Writer is null, "the lease is free again");
    }

    [Fact]
    public async Task A_session_of_the_same_id_is_another_one_to_old_cursors_and_old_writers()
    {
        var session = await Api.CreateSession();
        await Api.Append(session, "old"u8.ToArray());
        await using var hub = await JsonHub.Connect(Api);
        var read = await hub.Stream(HubRoutes.Read, new { version = 1, session, follow = false });
        var cursor = (await read.Next())!.Value.GetProperty("cursor").GetString();
        var write = await hub.Stream(HubRoutes.Write, new { version = 1, session, runId = "r", attempt = 1 }, upload: true);
        var incarnation = (await write.Next())!.Value.GetProperty("incarnation").GetInt64();

        (await Api.Send(HttpMethod.Delete, RelayApi.SessionPath(session))).EnsureSuccessStatusCode();
        await Api.CreateSession(session);

        await ShouldFail(write, RelayErrorCode.SessionDeleted);
        await ShouldFail(await hub.Stream(HubRoutes.Read, new { version = 1, session, start = 1, cursor }), RelayErrorCode.SessionReplaced);
        await ShouldFail(
            await hub.Stream(HubRoutes.Write, new { version = 1, session, runId = "r", attempt = 2, incarnation }, upload: true), RelayErrorCode.SessionReplaced);
        (await Api.ReadAll(session)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_later_attempt_of_the_same_run_fences_the_earlier_one()
    {
        var session = await Api.CreateSession();
        await using var hub = await JsonHub.Connect(Api);
        var first = await hub.Stream(HubRoutes.Write, new { version = 1, session, runId = "r", attempt = 1 }, upload: true);
        await first.Next();
        await first.Upload(new { kind = 1, output = 1, offset = 0, data = Convert.ToBase64String("one,"u8) });
        await Eventually.True(async () => (await Api.ReadAll(session)).Length == 4, "the first attempt wrote");

        await using var other = await JsonHub.Connect(Api);
        var second = await other.Stream(HubRoutes.Write, new { version = 1, session, runId = "r", attempt = 2 }, upload: true);
        var grant = (await second.Next())!.Value.GetProperty("outputs").EnumerateArray().Single(output => output.GetProperty("output").GetInt32() == 1);

        grant.GetProperty("writtenTo").GetInt64().Should().Be(4);
        grant.GetProperty("stored").GetInt64().Should().Be(4);
        await ShouldFail(first, RelayErrorCode.Fenced);
        await ShouldFail(
            await hub.Stream(HubRoutes.Write, new { version = 1, session, runId = "r", attempt = 2 }, upload: true), RelayErrorCode.Fenced);
        await second.Upload(new { kind = 1, output = 1, offset = 2, data = Convert.ToBase64String("e,two"u8) });
        await Eventually.True(async () => Encoding.UTF8.GetString(await Api.ReadAll(session)) == "one,two", "the overlap is skipped");
    }

    private static async Task ShouldFail(HubCall call, RelayErrorCode code)
    {
        var drain = async () =>
        {
            while (await call.Next() is not null)
            {
            }
        };
        var failure = (await drain.Should().ThrowAsync<RelayException>()).Which;
        failure.Code.Should().Be(code, failure.Message);
        failure.Message.Should().NotBeEmpty();
    }

    private async Task<RawSocket> Connect(string handshake)
    {
        var peer = await Api.Connect(HubRoutes.Logs);
        await peer.Send(handshake);
        (await peer.Receive())!.Text.Should().Be("{}\u001e");
        return peer;
    }
}
