using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace Relay.Server.Security;

/// <summary>
/// How many connections there may be, in all and from one address, and how many of them WebSockets. A process that runs out of file handles cannot log,
/// sync or even survive; so what is free of them is the measure, and nobody may have more than half of it.
/// </summary>
internal sealed class ConnectionLimits
{
    private readonly Places _connections;
    private readonly AccessRules _rules;
    private readonly Refusals _refusals;

    public ConnectionLimits(IOptions<LimitOptions> options, AccessRules rules, Refusals refusals)
    {
        (_rules, _refusals) = (rules, refusals);
        var limits = options.Value;
        var connections = Chosen(limits.MaxConnections, 2 * FileHandles.ConnectionsOfAKind([]));
        var sockets = Chosen(limits.MaxWebSockets, connections / 2);
        _connections = new Places(connections, Chosen(limits.MaxConnectionsPerAddress, connections / 2));
        WebSockets = new Places(sockets, Chosen(limits.MaxWebSocketsPerAddress, sockets / 2));
    }

    /// <summary>Those in the handshake or behind it.</summary>
    public Places WebSockets { get; }

    /// <summary>Counts a listener's connections before anything is read from them, and closes those that are too many.</summary>
    public ConnectionDelegate Guard(ConnectionDelegate next) => connection => ServeAsync(connection, next);

    private async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var peer = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        var place = Caller.PlaceOf(peer);
        var counted = peer is not null && _rules.Proxies.Contains(peer) ? null : place; // A proxy has the connections of many.
        if (!_connections.TryTake(counted, out _))
        {
            _refusals.Note("connections", place);
            await connection.DisposeAsync();
            return;
        }

        try
        {
            await next(connection);
        }
        finally
        {
            _connections.GiveBack(counted);
        }
    }

    private static long Chosen(long limit, long otherwise) => limit > 0 ? limit : Math.Max(1, otherwise);
}
