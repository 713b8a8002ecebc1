using System.Net.WebSockets;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;

namespace Relay.Server.Streaming;

/// <summary>Serves hub connections over WebSockets that were not negotiated.</summary>
internal sealed class HubSocketEndpoint(HubConnectionHandler<LogHub> hub, IOptions<StreamingOptions> options, TimeProvider time)
{
    /// <summary>How long a client may take to answer a close.</summary>
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether it is for such a connection. One that was negotiated names itself by its id, and is the library's; and only a connection of HTTP/1.1 is one
    /// request's alone.
    /// </summary>
    public static bool Serves(HttpRequest request) =>
        request.HttpContext.WebSockets.IsWebSocketRequest && HttpProtocol.IsHttp11(request.Protocol) && !request.Query.ContainsKey("id");

    public async Task RunAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var turn = ((CorkedUpgrade)context.Features.GetRequiredFeature<IHttpUpgradeFeature>()).Stream!.Turn;
        var connection = new HubSocket(context, socket, turn, options.Value.SendTimeout, time);
        var receiving = connection.ReceiveAsync();
        try
        {
            await hub.OnConnectedAsync(connection);
        }
        finally
        {
            await connection.Output.CompleteAsync();
            await connection.Input.CompleteAsync();
            await CloseAsync(socket, receiving);
        }
    }

    private async Task CloseAsync(WebSocket socket, Task receiving)
    {
        try
        {
            using var patience = new CancellationTokenSource(CloseTimeout, time);
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, string.Empty, patience.Token);
            }

            await receiving.WaitAsync(patience.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // It takes or says nothing any more.
        }
        finally
        {
            socket.Abort();
            await receiving;
        }
    }
}
