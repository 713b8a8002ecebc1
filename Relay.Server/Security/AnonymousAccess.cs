using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace Relay.Server.Security;

/// <summary>Decides whether a request may go without a token because of where it comes from.</summary>
internal static class AnonymousAccess
{
    private const string ForwardedPrefix = "X-Forwarded-";

    // A forwarder that adds none of them cannot be told from a program of this machine: behind one the relay needs a key.
    private static readonly string[] ForwardingHeaders =
        ["Forwarded", "Via", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "X-Original-Host", "X-Original-URL", "X-Envoy-External-Address", "True-Client-IP", "CF-Connecting-IP"];

    public static bool WasForwarded(HttpRequest request) => request.Headers.ContainsKey(ProxyMiddleware.OriginalFor) || request.Headers.Keys.Any(IsForwarding);

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
                : context.Connection.RemoteIpAddress is { } client && IsLoopback(client)
                    ? "It comes through a proxy that says it asks for its own machine, as a client may have told it to."
                    : null;
        }

        if (HttpProtocol.IsHttp10(context.Request.Protocol))
        {
            return "It speaks HTTP/1.0, as proxies do that say nothing of whom they ask for.";
        }

        return headers.Keys.FirstOrDefault(IsForwarding) is { } header
            ? $"It has been forwarded ({header}), and {context.Connection.RemoteIpAddress} is not one of --known-proxies."
            : null;
    }

    private static bool IsForwarding(string header) =>
        header.StartsWith(ForwardedPrefix, StringComparison.OrdinalIgnoreCase) || ForwardingHeaders.Contains(header, StringComparer.OrdinalIgnoreCase);

    private static string? AddressProblem(AccessRules rules, HttpContext context)
    {
        if (context.Connection.RemoteIpAddress is not { } address || !rules.Anonymous.Contains(address))
        {
            return $"Without one this relay lets in its own machine or the networks that it was told; this request comes from {context.Connection.RemoteIpAddress}.";
        }

        // A page of a stranger may have its name resolve to the relay's address, and then its requests are of one origin with the relay (DNS
        // rebinding). What cannot be such a name: an address, a name without a dot, and what the administrator says.
        var host = context.Request.Host.Host;
        var isOurs = rules.HostNames.Contains(host) || (IsLoopback(address) ? IsLocal(host) : IsAddress(host, out _) || (host.Length > 0 && !host.Contains('.', StringComparison.Ordinal)) || IsLocal(host));
        return isOurs ? null
            : IsLoopback(address) ? $"It comes from this machine but calls the relay '{context.Request.Host}'. Call it localhost or 127.0.0.1, or name it in --host-names."
            : $"It calls the relay '{context.Request.Host}', which may be a stranger's name for it. Call it by its address, or name it in --host-names.";
    }

    private static bool IsLocal(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IsAddress(host, out var address) && IsLoopback(address));

    private static bool IsAddress(string host, [NotNullWhen(true)] out IPAddress? address) => IPAddress.TryParse(host.Trim('[', ']'), out address);

    private static bool IsLoopback(IPAddress address) => IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
}
