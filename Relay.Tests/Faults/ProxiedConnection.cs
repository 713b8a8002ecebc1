using System.Net.Sockets;

namespace Relay.Tests.Faults;

internal enum ProxyDirection
{
    ClientToServer,
    ServerToClient,
}

/// <summary>Who gets to see that a connection is cut. The other one is left with a connection on which nothing happens any more.</summary>
[Flags]
internal enum ProxySide
{
    None = 0,
    Client = 1,
    Server = 2,
    Both = Client | Server,
}

/// <summary>How a cut looks to those who see it.</summary>
internal enum CutKind
{
    /// <summary>The end of the stream, as of a peer that closed.</summary>
    Fin,

    /// <summary>A connection that was reset, as of a peer that crashed.</summary>
    Reset,
}

/// <summary>One connection through a <see cref="FaultProxy"/>: a flow in each direction.</summary>
internal sealed class ProxiedConnection
{
    private readonly Socket _client;
    private readonly Socket _server;
    private int _cutSeenBy;

    public ProxiedConnection(int number, Socket client, Socket server)
    {
        (Number, _client, _server) = (number, client, server);
        ClientToServer = new ProxyFlow(this, client, server, ProxySide.Client);
        ServerToClient = new ProxyFlow(this, server, client, ProxySide.Server);
    }

    /// <summary>From 0, in the order in which they came.</summary>
    public int Number { get; }

    public ProxyFlow ClientToServer { get; }

    public ProxyFlow ServerToClient { get; }

    /// <summary>Whether a cut that a test asked for has happened.</summary>
    public bool IsCut => CutSeenBy != ProxySide.None;

    /// <summary>Who saw the cut.</summary>
    public ProxySide CutSeenBy => (ProxySide)Volatile.Read(ref _cutSeenBy);

    public ProxyFlow this[ProxyDirection direction] => direction == ProxyDirection.ClientToServer ? ClientToServer : ServerToClient;

    /// <summary>
    /// Nothing passes from now on, in either direction, nor does anybody learn why: also an end of one side stays unknown to the other. What is
    /// sent is kept for <see cref="ProxyFlow.Release"/>.
    /// </summary>
    public void HalfOpen()
    {
        ClientToServer.Hold();
        ServerToClient.Hold();
    }

    public void Reset(ProxySide seenBy = ProxySide.Both) => Cut(CutKind.Reset, seenBy);

    /// <summary>Ends the connection; the first cut counts. What is under way in the proxy is lost.</summary>
    public void Cut(CutKind how, ProxySide seenBy)
    {
        if (Interlocked.CompareExchange(ref _cutSeenBy, (int)seenBy, 0) != 0)
        {
            return;
        }

        foreach (var (side, socket) in new[] { (ProxySide.Client, _client), (ProxySide.Server, _server) })
        {
            if (seenBy.HasFlag(side))
            {
                End(socket, how);
            }
        }

        ClientToServer.Wake();
        ServerToClient.Wake();
    }

    /// <summary>Closes both sides for good, whatever happened before.</summary>
    public void Abandon()
    {
        Interlocked.Exchange(ref _cutSeenBy, (int)ProxySide.Both);
        End(_client, CutKind.Reset);
        End(_server, CutKind.Reset);
        ClientToServer.Wake();
        ServerToClient.Wake();
    }

    /// <summary>Tells one side that the other has ended.</summary>
    public static void End(Socket socket, CutKind how)
    {
        try
        {
            if (how == CutKind.Fin)
            {
                socket.Shutdown(SocketShutdown.Send);
                return;
            }

            socket.LingerState = new LingerOption(true, 0); // Close then sends RST.
            socket.Close();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Ended already.
        }
    }

    /// <summary>Until both sides have ended.</summary>
    public async Task RunAsync()
    {
        await Task.WhenAll(ClientToServer.RunAsync(), ServerToClient.RunAsync());
        if (!IsCut || CutSeenBy == ProxySide.Both)
        {
            _client.Dispose();
            _server.Dispose();
        }
    }
}
