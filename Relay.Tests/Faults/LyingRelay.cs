using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Relay.Contracts;
using Relay.Tests.TestKit;

namespace Relay.Tests.Faults;

/// <summary>A relay that says what a test tells it to, on a real socket. Over HTTP it agrees to everything.</summary>
internal sealed class LyingRelay : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _connections;

    private LyingRelay(WebApplication app) => _app = app;

    public Uri Url => new(_app.Urls.Single());

    /// <summary>How many hub connections there were.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <param name="onConnection">What it does with a hub connection: it is called after the WebSocket's handshake and before the hub's.</param>
    public static async Task<LyingRelay> StartAsync(Func<LyingHub, Task> onConnection)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var relay = new LyingRelay(app);
        app.UseWebSockets();
        app.Map(HubRoutes.Logs, async (HttpContext context) =>
        {
            Interlocked.Increment(ref relay._connections);
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            try
            {
                await onConnection(new LyingHub(socket, context.RequestAborted));
            }
            catch (Exception e) when (e is WebSocketException or OperationCanceledException or EndOfStreamException or IOException)
            {
                // The client hung up.
            }
        });
        app.MapFallback(() => Results.Ok(new { status = "ok" }));
        await app.StartAsync();
        return relay;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await Eventually.Done(_app.StopAsync(now.Token), "the lying relay stops");
        await _app.DisposeAsync();
    }
}
