namespace Relay.Server.Security;

/// <summary>Notes whether a request comes from a known proxy, before the framework puts the client's address in the place of the proxy's.</summary>
internal sealed class ProxyMiddleware(RequestDelegate next, AccessRules rules)
{
    public const string ForwardedFor = "X-Forwarded-For";

    /// <summary>What the framework leaves when it has believed a <see cref="ForwardedFor"/>.</summary>
    public const string OriginalFor = "X-Original-For";

    private static readonly object Mark = new();

    public static bool CameThroughKnownProxy(HttpContext context) => context.Items.ContainsKey(Mark);

    public Task InvokeAsync(HttpContext context)
    {
        context.Request.Headers.Remove(OriginalFor); // A client may send it, too.
        if (context.Connection.RemoteIpAddress is { } peer && rules.Proxies.Contains(peer))
        {
            context.Items[Mark] = true;
        }

        return next(context);
    }
}
