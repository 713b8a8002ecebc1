using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Relay.Server.Security;

/// <summary>Decides whether a request may go without a token because of where it comes from.</summary>
internal static class AnonymousAccess
{
    private static readonly string[] ForwardingHeaders = ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"];

    public static bool WasForwarded(HttpRequest request) => request.Headers.ContainsKey(ProxyMiddleware.OriginalFor) || Array.Exists(ForwardingHeaders, request.Headers.ContainsKey);

    /// <param name="rules">The networks.</param>
    /// <param name="context">The request.</param>
    /// <param name="reason">Why not, as a sentence.</param>
    public static bool IsAllowed(AccessRules rules, HttpContext context, [NotNullWhen(false)] out string? reason)
    {
        reason = rules.Anonymous.Networks.Count == 0 ? "This relay lets nobody in without one."
            : ForwardingProblem(context) ?? AddressProblem(rules, context);
        return reason is null;
    }

    /// <summary>Who stands between may speak for anybody; only what a known proxy says counts, and it must say it.</summary>
    private static string? ForwardingProblem(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (ProxyMiddleware.CameThroughKnownProxy(context))
        {
            return headers.ContainsKey(ProxyMiddleware.ForwardedFor) || !headers.ContainsKey(ProxyMiddleware.OriginalFor)
                ? "It comes through a known proxy that does not say, by X-Forwarded-For alone, for whom it asks."
                : null;
        }

        return Array.Find(ForwardingHeaders, headers.ContainsKey) is { } header
            ? $"It has been forwarded ({header}), and {context.Connection.RemoteIpAddress} is not one of --known-proxies."
            : null;
    }

    private static string? AddressProblem(AccessRules rules, HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is not { } address || !rules.Anonymous.Contains(address))
        {
            return $"Without one it lets in requests from {rules.Anonymous} only; this one comes from {context.Connection.RemoteIpAddress}.";
        }

        // A page of a stranger may have its name resolve to 127.0.0.1, and then its requests are of one origin with the relay (DNS rebinding).
        return IPAddress.IsLoopback(address) && !IsLocal(context.Request.Host.Host)
            ? $"It comes from this machine but calls the relay '{context.Request.Host}'. Call it localhost or 127.0.0.1."
            : null;
    }

    private static bool IsLocal(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
