using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Relay.Server.Security;

/// <summary>
/// Refuses what a page of a foreign origin asks for, before anybody asks who it is: a browser sends a page's requests from its user's machine, which may be
/// in an anonymous network. The framework checks no origin of a WebSocket, and CORS stops no request that changes something, only the reading of its answer.
/// Programs send no <c>Origin</c>, or the relay's own, and go on.
/// </summary>
internal sealed class OriginMiddleware(RequestDelegate next, AccessRules rules)
{
    private const string Hubs = "/hubs";
    private const string FetchSite = "Sec-Fetch-Site";

    public Task InvokeAsync(HttpContext context)
    {
        if (IsGuarded(context))
        {
            Check(context);
        }

        return next(context);
    }

    /// <summary>All but plain reads, whose answers a foreign page cannot see. Of the hub all is guarded.</summary>
    private static bool IsGuarded(HttpContext context)
    {
        var request = context.Request;
        var isPlainRead = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method);
        return !isPlainRead
            || request.Path.StartsWithSegments(Hubs, StringComparison.OrdinalIgnoreCase)
            || request.Headers.ContainsKey(HeaderNames.Upgrade)
            || context.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest == true;
    }

    private void Check(HttpContext context)
    {
        var request = context.Request;
        if (request.Headers.TryGetValue(HeaderNames.Origin, out var origins))
        {
            var origin = origins.ToString();
            var own = $"{request.Scheme}://{request.Host}";
            if (!AreSame(origin, own) && !rules.Origins.Contains(origin))
            {
                throw Denials.ForeignPage(origin, LooksProxied(context, origin, own) ? own : null);
            }
        }
        else if (request.Headers[FetchSite].ToString() is "cross-site" or "same-site")
        {
            throw Denials.NamelessPage();
        }
    }

    private static bool AreSame(string one, string other) =>
        AllowedOrigins.TryNormalize(one, out var first) && AllowedOrigins.TryNormalize(other, out var second) && string.Equals(first, second, StringComparison.Ordinal);

    /// <summary>Whether the relay may have been called by a name or scheme that a proxy kept to itself.</summary>
    private static bool LooksProxied(HttpContext context, string origin, string own) =>
        AnonymousAccess.WasForwarded(context.Request)
        || (Uri.TryCreate(origin, UriKind.Absolute, out var theirs) && Uri.TryCreate(own, UriKind.Absolute, out var ours)
            && string.Equals(theirs.Host, ours.Host, StringComparison.Ordinal) && !string.Equals(theirs.Scheme, ours.Scheme, StringComparison.Ordinal));
}
