using Microsoft.AspNetCore.Http.Features;
using Relay.Contracts;

namespace Relay.Server.Security;

/// <summary>Refuses WebSocket handshakes, the hub's among them, when there are as many as may be. The web server's own limit would make a 500 of it.</summary>
internal sealed class WebSocketLimit(RequestDelegate next, ConnectionLimits limits, Refusals refusals)
{
    /// <summary>Whether it may become a WebSocket. To what it asks to be upgraded is not looked at: that may be said in many ways, and what is none is soon over.</summary>
    public static bool IsHandshake(HttpContext context) => context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true };

    public Task InvokeAsync(HttpContext context) => IsHandshake(context) ? ServeAsync(context) : next(context);

    private async Task ServeAsync(HttpContext context)
    {
        var place = Caller.PlaceOf(context.Connection.RemoteIpAddress);
        if (!limits.WebSockets.TryTake(place, out var full))
        {
            refusals.Note("WebSockets", place);
            throw new RelayException(
                RelayErrorCode.LimitReached,
                full == limits.WebSockets.InAll
                    ? $"The relay has its most WebSockets, {full} (Limits:MaxWebSockets). Try again in a moment."
                    : $"{place} has its most WebSockets, {full} (Limits:MaxWebSocketsPerAddress). Close some, or try again in a moment.");
        }

        try
        {
            await next(context); // As long as the socket is open.
        }
        finally
        {
            limits.WebSockets.GiveBack(place);
        }
    }
}
