using System.Collections.Concurrent;
using System.Net;
using System.Text;
using FluentAssertions;
using Relay.Contracts;
using Relay.Tests.Streaming;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Faults;

/// <summary>Peers that are half-open or hardly move harm nobody else; and as long as they move, they are served.</summary>
[Trait("Category", "Faults")]
public sealed class SlowPeerTests(SharedRelay shared) : IClassFixture<SharedRelay>
{
    private RelayHost Relay => shared.Host;

    [Fact]
    public async Task Readers_that_are_half_open_harm_nobody()
    {
        await using var neighbour = await Neighbour.MoveIn(Relay.Api);
        var session = await Relay.Api.CreateSession();
        await using var proxy = FaultProxy.To(Relay.BaseAddress);
        using var api = new RelayApi(proxy.Address);
        await using var socket = await api.Reader(session);
        using var body = await api.Http.GetAsync(RelayApi.ReadPath(session, query: "?follow=true"), HttpCompletionOption.ResponseHeadersRead);
        await using var hub = await HubPeer.ConnectAsync(proxy.Address);
        var reading = hub.ReadAsync(new ReadRequest { Session = session });
        await Eventually.True(async () => (await Relay.Api.Status(session))!.Readers == 3, "all read");

        proxy.Connections.ToList().ForEach(connection => connection.HalfOpen());
        for (var i = 0; i < 8; i++)
        {
            await Relay.Api.Append(session, new byte[256 * 1024]);
        }

        await neighbour.ShouldBeUntouched();
        (await Relay.Api.ReadAll(session)).Should().HaveCount(8 * 256 * 1024, "the writer and other readers of the same session are not held up either");
        reading.IsCompleted.Should().BeFalse("nothing passes a half-open connection");
    }

    [Fact]
    public async Task Writers_that_are_half_open_harm_nobody()
    {
        await using var neighbour = await Neighbour.MoveIn(Relay.Api);
        await using var proxy = FaultProxy.To(Relay.BaseAddress);
        using var api = new RelayApi(proxy.Address);
        await using var socket = await api.Writer(await Relay.Api.CreateSession());
        await using var hub = await HubPeer.ConnectAsync(proxy.Address);
        using var upload = await hub.WriteAsync(new WriteRequest { Session = await Relay.Api.CreateSession(), RunId = "run" });
        using var put = await RawTcp.Connect(proxy.Address);
        await put.Send($"PUT {RelayApi.WritePath(await Relay.Api.CreateSession())} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
        (await put.ReadHead()).Should().StartWith("HTTP/1.1 100");

        // In the middle of a message, of an item, of a chunk.
        proxy.Connections.ToList().ForEach(connection => connection.ClientToServer.Allow(20));
        proxy.Connections.ToList().ForEach(connection => connection.ServerToClient.Hold());
        await socket.Send(new string('x', 100));
        upload.Send(OutputType.Stdout, 0, new byte[100]);
        await put.Send($"64\r\n{new string('x', 100)}");
        await Eventually.True(() => proxy.Connections.All(connection => connection.ClientToServer.Received > connection.ClientToServer.Forwarded), "all are cut off in the middle");

        await neighbour.ShouldBeUntouched();
    }

    [Fact]
    public async Task Handshakes_that_stop_in_the_middle_harm_nobody()
    {
        await using var neighbour = await Neighbour.MoveIn(Relay.Api);
        var session = await Relay.Api.CreateSession();
        await using var proxy = FaultProxy.To(Relay.BaseAddress);
        proxy.OnConnection = connection => connection.ClientToServer.Allow(3 * connection.Number);
        using var api = new RelayApi(proxy.Address);

        // Each stops 3 bytes behind the one before: in the request line, in a header, just before the end.
        var handshakes = Enumerable.Range(0, 40).Select(i => api.Http.GetAsync(RelayApi.ReadPath(session))).ToList();
        await Eventually.True(() => proxy.Connections.Count(connection => connection.ClientToServer.Received > connection.ClientToServer.Forwarded) > 20, "they are under way");

        await neighbour.ShouldBeUntouched();
        foreach (var connection in proxy.Connections)
        {
            connection.ClientToServer.Release();
        }

        foreach (var handshake in handshakes)
        {
            using var answer = await Eventually.Done(handshake, "who goes on is served");
            answer.StatusCode.Should().Be(HttpStatusCode.OK);
        }
    }

    [Theory]
    [InlineData("ClientToServer")]
    [InlineData("ServerToClient")]
    public async Task Peers_at_a_byte_per_second_harm_nobody_and_are_served(string direction)
    {
        await using var neighbour = await Neighbour.MoveIn(Relay.Api);
        var stored = await CutRun.StoreAsync(Relay);
        var time = new FakeTime();
        var drips = new ConcurrentBag<ITimer>();
        await using var proxy = FaultProxy.To(Relay.BaseAddress);
        proxy.OnConnection = connection => drips.Add(connection[Enum.Parse<ProxyDirection>(direction)].Drip(time, TimeSpan.FromSeconds(1)));
        using var api = new RelayApi(proxy.Address);
        var peers = Task.WhenAll(ReadByHub(), ReadBySocket(), WriteBySocket(), WriteByHttp());
        await Eventually.True(() => proxy.Connections.Count >= 4, "all have come");

        for (var second = 0; second < 50; second++)
        {
            await PassASecond();
        }

        proxy.Connections.Should().OnlyContain(connection => connection[Enum.Parse<ProxyDirection>(direction)].Forwarded <= 50);
        await neighbour.ShouldBeUntouched();
        await Eventually.Done(Task.WhenAny(peers, PassTime()), "they come to their ends");
        await peers;
        foreach (var drip in drips)
        {
            await drip.DisposeAsync();
        }

        async Task PassTime()
        {
            while (!peers.IsCompleted)
            {
                await PassASecond();
            }
        }

        async Task PassASecond()
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        async Task ReadByHub()
        {
            await using var hub = await HubPeer.ConnectAsync(proxy.Address);
            var entries = await hub.ReadAsync(new ReadRequest { Session = stored, Outputs = [OutputType.Stderr] });
            entries.Where(entry => entry.Kind == LogEntryKind.Data).SelectMany(entry => entry.Data.ToArray()).ToArray().ShouldBeExactly(CutRun.Stderr, "what was read drop by drop");
        }

        async Task ReadBySocket()
        {
            await using var socket = await api.Reader(stored, "stderr");
            string.Concat((await socket.ReceiveToClose()).Select(message => message.Text)).Should().Be(Encoding.ASCII.GetString(CutRun.Stderr));
        }

        async Task WriteBySocket()
        {
            var session = await Relay.Api.CreateSession();
            await using var socket = await api.Writer(session);
            await socket.Send(CutRun.Stderr);
            await socket.Close();
            (await Relay.Api.ReadAll(session)).ShouldBeExactly(CutRun.Stderr, "what was written drop by drop");
        }

        async Task WriteByHttp()
        {
            var session = await Relay.Api.CreateSession();
            await api.Append(session, CutRun.Stderr);
            (await Relay.Api.ReadAll(session)).ShouldBeExactly(CutRun.Stderr, "what was written drop by drop");
        }
    }
}
