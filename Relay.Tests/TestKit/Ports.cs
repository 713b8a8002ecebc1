using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Relay.Tests.TestKit;

/// <summary>
/// Ports for servers that are killed and started again. They lie below Linux' range for outgoing connections (32768–60999): there, while the
/// server is down, another test could be given its port, or a client that retries could connect to itself.
/// </summary>
internal static class Ports
{
    private static readonly ConcurrentDictionary<int, bool> Taken = new();

    public static int Reserve()
    {
        while (true)
        {
            var port = Random.Shared.Next(20_000, 32_000);
            if (!Taken.TryAdd(port, true))
            {
                continue;
            }

            try
            {
                using var probe = new TcpListener(IPAddress.Loopback, port);
                probe.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody else's; the next one.
            }
        }
    }
}
