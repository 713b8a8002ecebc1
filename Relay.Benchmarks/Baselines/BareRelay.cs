using System.Collections.Concurrent;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Relay.Benchmarks.Baselines;

/// <summary>
/// What is left of a relay without sessions, leases, offsets, a store and SignalR: Kestrel, WebSockets, and memory. A message goes to each reader as the
/// message that it came as.
/// </summary>
internal static class BareRelay
{
    private const int MessageBytes = 64 * 1024;

    /// <param name="port">Where to listen.</param>
    /// <param name="stores">Whether each message is written to a file before it goes on.</param>
    public static Task RunAsync(int port, bool stores)
    {
        var logs = new ConcurrentDictionary<string, BareLog>(StringComparer.Ordinal);
        var app = BaselineHost.Create(port, _ => { });
        app.UseWebSockets();
        app.MapGet("/", () => "ok");
        app.Map("/logs/{id}/write/{output}", (HttpContext context, string id) => WriteAsync(context, stores, logs.GetOrAdd(id, _ => new BareLog())));
        app.Map("/logs/{id}/read/{output}", (HttpContext context, string id) => ReadAsync(context, logs.GetOrAdd(id, _ => new BareLog())));
        return app.RunAsync();
    }

    private static async Task WriteAsync(HttpContext context, bool stores, BareLog log)
    {
        await using var file = stores ? new BareFile() : null;
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[MessageBytes];
        try
        {
            for (var filled = 0; ;)
            {
                var received = await socket.ReceiveAsync(buffer.AsMemory(filled), context.RequestAborted);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
                    return;
                }

                filled += received.Count;
                if (received.EndOfMessage || filled == buffer.Length)
                {
                    file?.Append(buffer.AsSpan(0, filled));
                    log.Append(buffer.AsSpan(0, filled));
                    filled = 0;
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The writer is gone; nobody here minds.
        }
    }

    private static async Task ReadAsync(HttpContext context, BareLog log)
    {
        var type = context.Request.Query["format"] == "binary" ? WebSocketMessageType.Binary : WebSocketMessageType.Text;
        var last = log.Last;
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        using var left = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var watch = WatchAsync(socket, left);
        try
        {
            while (true)
            {
                last = await last.NextAsync(left.Token);
                await socket.SendAsync(last.Bytes.AsMemory(), type, endOfMessage: true, left.Token);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The reader is gone.
        }
        finally
        {
            socket.Abort();
            await watch;
        }
    }

    private static async Task WatchAsync(WebSocket socket, CancellationTokenSource left)
    {
        try
        {
            var scrap = new byte[16];
            while ((await socket.ReceiveAsync(scrap.AsMemory(), CancellationToken.None)).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        catch (WebSocketException)
        {
            // Gone without a close.
        }

        await left.CancelAsync();
    }
}
