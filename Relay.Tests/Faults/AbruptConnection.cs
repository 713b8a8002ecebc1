using System.Net.Sockets;
using System.Text.RegularExpressions;
using Relay.Contracts;
using Relay.Tests.TestKit;

namespace Relay.Tests.Faults;

/// <summary>How a connection ends that nobody ended in good order.</summary>
internal enum Goodbye
{
    /// <summary>RST: the process was killed with bytes unread, or the machine is gone.</summary>
    Reset,

    /// <summary>FIN, and RST for what comes after: the process was killed.</summary>
    Close,

    /// <summary>FIN, and everything is read until the relay ends its side too.</summary>
    HalfClose,
}

/// <summary>
/// A client that gets as far as its kind says and then is gone, in the middle of whatever it was at. Written by hand over TCP, because every
/// client library has manners.
/// </summary>
/// <param name="relay">The relay.</param>
/// <param name="session">A session with a log that fills a socket's buffers; nobody else is at it.</param>
/// <param name="number">Grows with each connection to the session.</param>
/// <param name="random">Decides what the kind leaves open.</param>
internal sealed partial class AbruptConnection(RelayHost relay, string session, int number, Random random)
{
    private const char RecordEnd = '\u001e';
    private const byte Text = 0x81;
    private const byte Binary = 0x82;

    /// <summary>Every kind there is, by name; each gets to its stage and returns the connection.</summary>
    public static IReadOnlyList<(string Name, Func<AbruptConnection, Task<RawTcp>> Begin)> Kinds { get; } =
    [
        ("TCP only", c => RawTcp.Connect(c.Relay)),
        ("half a request", c => c.Request($"GET {RelayApi.SessionPath(c.Session)} HTTP/1.1\r\nHos")),
        ("handshake cut", c => c.Request($"GET {HubRoutes.Logs} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n")),
        ("handshake unanswered", c => c.Request(c.Upgrade(HubRoutes.Logs))),
        ("negotiated only", c => c.Answered($"POST {HubRoutes.Logs}/negotiate?negotiateVersion=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")),
        ("hub without handshake", c => RawTcp.ConnectWebSocket(c.Relay, HubRoutes.Logs)),
        ("hub handshake only", c => c.Hub()),
        ("hub write, lease only", async c => (await c.HubWrite()).Peer),
        ("hub write, item cut", c => c.HubWriteCut()),
        ("hub write, acks pending", c => c.HubWriteUnacked()),
        ("hub write, item refused", c => c.HubWriteRefused()),
        ("hub write, refused", c => c.HubInvoke(HubRoutes.Write, """{"version":99,"session":"x","runId":"r"}""", "error", upload: true)),
        ("hub read", c => c.HubInvoke(HubRoutes.Read, c.Wish, "entries")),
        ("hub paced read without credit", c => c.HubInvoke(HubRoutes.ReadPaced, c.Wish, null, upload: true)),
        ("hub paced read", c => c.HubReadPaced()),
        ("hub watch", c => c.HubInvoke(HubRoutes.Watch, c.Wish, "\"type\":3", type: 1)),
        ("raw read", c => c.RawRead()),
        ("raw write, message cut", c => c.RawWrite()),
        ("HTTP body cut", c => c.Request($"PUT {RelayApi.WritePath(c.Put, query: "?offset=0&run=put")} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999\r\n\r\n{new string('b', c._random.Next(50_000))}")),
        ("HTTP follow", c => c.Answered($"GET {RelayApi.ReadPath(c.Session, query: "?follow=true")} HTTP/1.1\r\nHost: localhost\r\n\r\n")),
    ];

    private readonly Random _random = random;

    private Uri Relay => relay.BaseAddress;

    private string Session => session;

    // Writers of other runs would be refused while the last one's lease is still held.
    private string Put => session + "-put";

    private string Raw => session + "-raw";

    private string Wish => $$"""{"version":1,"session":"{{session}}"}""";

    /// <summary>What a session for abrupt connections needs.</summary>
    public static async Task Prepare(RelayHost relay, string session, int logBytes)
    {
        foreach (var id in new[] { session, session + "-put", session + "-raw" })
        {
            await relay.Api.CreateSession(id);
        }

        await relay.Api.Append(session, new byte[logBytes]);
    }

    public static async Task CleanUp(RelayHost relay, string session)
    {
        foreach (var id in new[] { session, session + "-put", session + "-raw" })
        {
            (await relay.Api.Send(HttpMethod.Delete, RelayApi.SessionPath(id))).EnsureSuccessStatusCode();
        }
    }

    public static async Task Leave(RawTcp peer, Goodbye goodbye)
    {
        using (peer)
        {
            switch (goodbye)
            {
                case Goodbye.Reset:
                    peer.Vanish();
                    break;
                case Goodbye.HalfClose:
                    await HalfClose(peer);
                    break;
            }
        }
    }

    private static async Task HalfClose(RawTcp peer)
    {
        try
        {
            peer.Socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The relay was quicker.
        }

        await peer.WaitForEnd();
    }

    private async Task<RawTcp> Request(string text)
    {
        var peer = await RawTcp.Connect(Relay);
        await peer.Send(text);
        return peer;
    }

    private async Task<RawTcp> Answered(string text)
    {
        var peer = await Request(text);
        await peer.ReadUntil("HTTP/1.1 200");
        return peer;
    }

    private string Upgrade(string path) =>
        $"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2l4dGVlbiBieXRlcyBvaw==\r\n\r\n";

    private async Task<RawTcp> Hub()
    {
        var peer = await RawTcp.ConnectWebSocket(Relay, HubRoutes.Logs);
        await Say(peer, """{"protocol":"json","version":1}""");
        await peer.ReadUntil("{}" + RecordEnd);
        return peer;
    }

    private async Task<RawTcp> HubInvoke(string method, string argument, string? until, bool upload = false, int type = 4)
    {
        var peer = await Hub();
        var streams = upload ? ""","streamIds":["2"]""" : "";
        await Say(peer, $$"""{"type":{{type}},"invocationId":"1","target":"{{method}}","arguments":[{{argument}}]{{streams}}}""");
        if (until is not null)
        {
            await peer.ReadUntil(until);
        }

        return peer;
    }

    private async Task<(RawTcp Peer, long Offset)> HubWrite()
    {
        var peer = await Hub();
        await Say(peer, $$"""{"type":4,"invocationId":"1","target":"Write","arguments":[{"version":1,"session":"{{session}}","runId":"hub","attempt":{{number}}}],"streamIds":["2"]}""");
        var grant = WrittenTo().Match(await peer.ReadUntil("window"));
        return (peer, long.Parse(grant.Groups["offset"].Value));
    }

    private async Task<RawTcp> HubWriteCut()
    {
        var (peer, offset) = await HubWrite();
        var item = Frame(Text, Item(offset, 20_000));
        await peer.Send(item.AsMemory(0, _random.Next(1, item.Length)));
        return peer;
    }

    private async Task<RawTcp> HubWriteUnacked()
    {
        var (peer, offset) = await HubWrite();
        for (var i = _random.Next(1, 60); i > 0; i--, offset += 1000)
        {
            await peer.Send(Frame(Text, Item(offset, 1000)));
        }

        return peer;
    }

    private async Task<RawTcp> HubWriteRefused()
    {
        var (peer, offset) = await HubWrite();
        await peer.Send(Frame(Text, Item(offset + 1, 1000)));
        await peer.ReadUntil("error");
        await peer.Send(Frame(Text, Item(offset, 1000)));
        return peer;
    }

    private async Task<RawTcp> HubReadPaced()
    {
        var peer = await HubInvoke(HubRoutes.ReadPaced, Wish, null, upload: true);
        await Say(peer, """{"type":2,"invocationId":"2","item":2}""");
        await peer.ReadUntil("entries");
        return peer;
    }

    private async Task<RawTcp> RawRead()
    {
        var peer = await Request(Upgrade(RelayApi.ReadPath(session, query: "?format=binary")));
        await peer.ReadUntil("HTTP/1.1 101");
        return peer;
    }

    private async Task<RawTcp> RawWrite()
    {
        RawTcp? peer = null;
        await Eventually.True(
            async () =>
            {
                peer = await RawTcp.ConnectWebSocket(Relay, RelayApi.WritePath(Raw));
                return true;
            },
            "the lease of the raw writer before this one is free");
        var frame = Frame(Binary, new byte[30_000]);
        await peer!.Send(frame);
        await peer.Send(frame.AsMemory(0, _random.Next(1, frame.Length)));
        return peer;
    }

    private static Task Say(RawTcp peer, string message) => peer.Send(Frame(Text, System.Text.Encoding.ASCII.GetBytes(message + RecordEnd)));

    private static byte[] Item(long offset, int count) => System.Text.Encoding.ASCII.GetBytes(
        $$$"""{"type":2,"invocationId":"2","item":{"kind":1,"output":1,"offset":{{{offset}}},"data":"{{{Convert.ToBase64String(new byte[count])}}}"}}""" + RecordEnd);

    /// <summary>RFC 6455, §5.2, as <see cref="RawTcp.SendTextFrame"/>, but up to 64 KiB: 126 instead of the length, which follows in two bytes.</summary>
    private static byte[] Frame(byte head, byte[] payload) => payload.Length <= 125
        ? [head, (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. payload]
        : [head, 0x80 | 126, (byte)(payload.Length >> 8), (byte)payload.Length, 0, 0, 0, 0, .. payload];

    [GeneratedRegex("\"output\":1,\"writtenTo\":(?<offset>[0-9]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex WrittenTo();
}
