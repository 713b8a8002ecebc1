using System.Net;
using System.Net.Sockets;

namespace Relay.Tests.Faults;

/// <summary>
/// A TCP proxy on 127.0.0.1 between a client and a relay, which does to a connection what networks do. It decides nothing: a test says what
/// happens, either for each connection as it is made (<see cref="OnConnection"/>) or later, to <see cref="Connections"/>.
/// </summary>
internal sealed class FaultProxy : IAsyncDisposable
{
    private readonly Uri _relay;
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Lock _lock = new();
    private readonly List<ProxiedConnection> _connections = [];
    private readonly List<Task> _running = [];
    private readonly CancellationTokenSource _over = new();
    private readonly Task _accepting;

    private FaultProxy(Uri relay)
    {
        _relay = relay;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(512);
        Address = new UriBuilder(relay) { Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndPoint!).Port }.Uri;
        _accepting = AcceptAsync();
    }

    /// <summary>Where clients find the relay behind this proxy.</summary>
    public Uri Address { get; }

    /// <summary>Called for each connection before its first byte is forwarded.</summary>
    public Action<ProxiedConnection>? OnConnection { get; set; }

    /// <summary>All connections so far, in the order in which they came. A client that has had an answer finds its own in here.</summary>
    public IReadOnlyList<ProxiedConnection> Connections
    {
        get
        {
            lock (_lock)
            {
                return [.. _connections];
            }
        }
    }

    public static FaultProxy To(Uri relay) => new(relay);

    /// <summary>Bytes forwarded so far, over all connections.</summary>
    public long Forwarded(ProxyDirection direction) => Connections.Sum(connection => connection[direction].Forwarded);

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _listener.Dispose();
        await _accepting;
        foreach (var connection in Connections)
        {
            connection.Abandon();
        }

        await Task.WhenAll(_running);
        _over.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_over.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptAsync(_over.Token);
                _running.Add(ServeAsync(client));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // Disposed, or a client that was gone before it was accepted.
            }
        }
    }

    private async Task ServeAsync(Socket client)
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _relay.Port), _over.Token);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            client.Dispose();
            server.Dispose();
            return;
        }

        client.NoDelay = server.NoDelay = true;
        ProxiedConnection connection;
        lock (_lock)
        {
            connection = new ProxiedConnection(_connections.Count, client, server);
            _connections.Add(connection);
        }

        if (_over.IsCancellationRequested)
        {
            connection.Abandon(); // Whoever ends the proxy has not seen this one.
        }

        OnConnection?.Invoke(connection);
        await connection.RunAsync();
    }
}
