using System.Net.WebSockets;

namespace Relay.Benchmarks.Load;

/// <summary>One message a call, over .NET's own client.</summary>
internal sealed class WebSocketSender : ISender
{
    private readonly ClientWebSocket _socket;
    private readonly WebSocketMessageType _type;

    private WebSocketSender(ClientWebSocket socket, WebSocketMessageType type) => (_socket, _type) = (socket, type);

    public static async Task<ISender> OpenAsync(Uri url, WebSocketMessageType type)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(url, CancellationToken.None);
        return new WebSocketSender(socket, type);
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes) => _socket.SendAsync(bytes, _type, endOfMessage: true, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        _socket.Dispose();
    }
}
