using System.Net;
using System.Net.Sockets;
using System.Text;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Faults;

/// <summary>Each fault is what a real socket peer sees.</summary>
public sealed class FaultProxyTests : IAsyncLifetime
{
    private readonly TcpListener _listener = Listen();
    private FaultProxy _proxy = null!;
    private Socket _client = null!;
    private Socket _server = null!;

    private ProxiedConnection Connection => _proxy.Connections[0];

    public async Task InitializeAsync()
    {
        _proxy = FaultProxy.To(new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}"));
        var accepted = _listener.AcceptSocketAsync();
        _client = await DialAsync();
        _server = await Eventually.Done(accepted, "the proxy connects to the server");
        await Eventually.True(() => _proxy.Connections.Count == 1, "the proxy serves the connection");
    }

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _client.Dispose();
        _server.Dispose();
        _listener.Stop();
    }

    [Fact]
    public async Task Without_a_fault_bytes_and_ends_pass_both_ways_and_are_counted()
    {
        await Send(_client, "question");
        await Read(_server, "question");
        _client.Shutdown(SocketShutdown.Send);
        await ShouldEnd(_server, CutKind.Fin);
        await Send(_server, "answer");
        _server.Shutdown(SocketShutdown.Send);

        await Read(_client, "answer");
        await ShouldEnd(_client, CutKind.Fin);
        _proxy.Forwarded(ProxyDirection.ClientToServer).Should().Be(8);
        _proxy.Forwarded(ProxyDirection.ServerToClient).Should().Be(6);
        Connection.IsCut.Should().BeFalse();
    }

    [Fact]
    public async Task A_reset_by_one_side_reaches_the_other_as_a_reset()
    {
        _server.LingerState = new LingerOption(true, 0);
        _server.Close();

        await ShouldEnd(_client, CutKind.Reset);
    }

    [Theory]
    [InlineData("ClientToServer", "Fin")]
    [InlineData("ClientToServer", "Reset")]
    [InlineData("ServerToClient", "Fin")]
    [InlineData("ServerToClient", "Reset")]
    public async Task A_cut_lets_exactly_so_many_bytes_pass_and_is_seen_by_both(string direction, string kind)
    {
        var (way, how) = (Enum.Parse<ProxyDirection>(direction), Enum.Parse<CutKind>(kind));
        var (sender, receiver) = way == ProxyDirection.ClientToServer ? (_client, _server) : (_server, _client);
        Connection[way].CutAfter(7, how);

        await Send(sender, "1234");
        await Read(receiver, "1234");
        await Send(sender, "567890");

        await Read(receiver, "567");
        await ShouldEnd(receiver, how);
        await ShouldEnd(sender, how);
        Connection[way].Forwarded.Should().Be(7);
    }

    [Theory]
    [InlineData("Client")]
    [InlineData("Server")]
    public async Task A_cut_that_one_side_sees_leaves_the_other_with_silence(string side)
    {
        var seenBy = Enum.Parse<ProxySide>(side);
        var (sees, other) = seenBy == ProxySide.Client ? (_client, _server) : (_server, _client);

        Connection.Reset(seenBy);

        await ShouldEnd(sees, CutKind.Reset);
        await Send(other, "anybody there?");
        await ShouldBeSilent(other);
    }

    [Fact]
    public async Task Nothing_at_all_passes_a_half_open_connection_until_it_is_released()
    {
        Connection.HalfOpen();

        await Send(_client, "last words");
        await Eventually.True(() => Connection.ClientToServer.Received == 10, "the words are under way");
        _client.LingerState = new LingerOption(true, 0);
        _client.Close();
        await ShouldBeSilent(_server);
        Connection.ClientToServer.Forwarded.Should().Be(0);

        Connection.ClientToServer.Release();
        await Read(_server, "last words");
        await ShouldEnd(_server, CutKind.Reset);
    }

    [Fact]
    public async Task One_direction_is_held_while_the_other_goes_on()
    {
        Connection.ServerToClient.Hold();

        await Send(_server, "held");
        await Send(_client, "free");
        await Read(_server, "free");
        await ShouldBeSilent(_client);

        Connection.ServerToClient.Allow(2);
        await Read(_client, "he");
        await ShouldBeSilent(_client);
        Connection.ServerToClient.Release();
        await Read(_client, "ld");
    }

    [Fact]
    public async Task A_drip_lets_one_byte_pass_per_second_of_its_clock()
    {
        var time = new FakeTime();
        using var drip = Connection.ClientToServer.Drip(time, TimeSpan.FromSeconds(1));
        await Send(_client, "abc");

        foreach (var letter in "abc")
        {
            await ShouldBeSilent(_server);
            time.Advance(TimeSpan.FromSeconds(1));
            await Read(_server, $"{letter}");
        }
    }

    private static TcpListener Listen()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener;
    }

    private async Task<Socket> DialAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, _proxy.Address.Port);
        return socket;
    }

    private static async Task Send(Socket socket, string text) => await socket.SendAsync(Encoding.ASCII.GetBytes(text));

    private static async Task Read(Socket socket, string expected)
    {
        var bytes = new byte[expected.Length];
        for (var have = 0; have < bytes.Length;)
        {
            var read = await Eventually.Done(socket.ReceiveAsync(bytes.AsMemory(have)).AsTask(), $"'{expected}' arrives");
            read.Should().BePositive($"'{expected}' comes before the end");
            have += read;
        }

        Encoding.ASCII.GetString(bytes).Should().Be(expected);
    }

    private static async Task ShouldEnd(Socket socket, CutKind how)
    {
        var read = async () => await Eventually.Done(socket.ReceiveAsync(new byte[1].AsMemory()).AsTask(), "the connection ends");
        if (how == CutKind.Fin)
        {
            (await read()).Should().Be(0);
            return;
        }

        (await read.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.ConnectionReset);
    }

    /// <summary>Neither a byte nor an end is there: not even after a connection made later has carried its own there and back.</summary>
    private async Task ShouldBeSilent(Socket socket)
    {
        var accepted = _listener.AcceptSocketAsync();
        using var probe = await DialAsync();
        using var answering = await Eventually.Done(accepted, "the probe is accepted");
        await Send(probe, "ping");
        await Read(answering, "ping");
        await Send(answering, "pong");
        await Read(probe, "pong");
        socket.Poll(0, SelectMode.SelectRead).Should().BeFalse("neither bytes nor an end have come");
    }
}
