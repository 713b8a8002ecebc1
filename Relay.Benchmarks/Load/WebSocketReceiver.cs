using System.Net.WebSockets;

namespace Relay.Benchmarks.Load;

/// <summary>Reads messages over .NET's own client.</summary>
internal sealed class WebSocketReceiver : IReceiver
{
    private readonly ClientWebSocket _socket;
    private readonly Task _reading;

    private WebSocketReceiver(ClientWebSocket socket, Receipt receipt)
    {
        (_socket, Receipt) = (socket, receipt);
        _reading = ReadAsync();
    }

    public Receipt Receipt { get; }

    public static async Task<IReceiver> OpenAsync(Uri url, Receipt receipt)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(url, CancellationToken.None);
        return new WebSocketReceiver(socket, receipt);
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Abort();
        await _reading;
        _socket.Dispose();
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None) is { MessageType: not WebSocketMessageType.Close } received)
            {
                Receipt.Take(buffer.AsSpan(0, received.Count));
            }

            Receipt.Fail(new IOException($"The server closed: {_socket.CloseStatusDescription}."));
        }
        catch (Exception e)
        {
            Receipt.Fail(e);
        }
    }
}
