using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Net.Http.Headers;
using Relay.Server.Observability;
using Relay.Server.Streaming;

namespace Relay.Server.Security;

/// <summary>What a browser is told with every answer, refusals included.</summary>
internal sealed class BrowserHeaders(RequestDelegate next, AccessRules rules)
{
    /// <summary>Answers are data. Opened as a page they load nothing, run nothing, and stand in no frame.</summary>
    public const string DataPolicy = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    /// <summary>Swagger UI has its scripts and styles in files of their own, and small images in its style sheet. The hash is that of the one style which its scripts make, for the logo.</summary>
    public const string DocsPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'none'";

    private static readonly Func<object, Task> VaryByOrigin = state =>
    {
        var headers = ((HttpContext)state).Response.Headers;
        if (!headers.Vary.Contains(HeaderNames.Origin, StringComparer.OrdinalIgnoreCase))
        {
            headers.Append(HeaderNames.Vary, HeaderNames.Origin);
        }

        return Task.CompletedTask;
    };

    public Task InvokeAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer"; // A URL may hold a ticket.
        headers["Cross-Origin-Resource-Policy"] = "same-origin"; // For <img>, <script> and the like; what CORS allows goes by CORS.
        headers.ContentSecurityPolicy = context.Request.Path.StartsWithSegments(ObservabilityFeature.DocsRoute, StringComparison.Ordinal) ? DocsPolicy : DataPolicy;
        if (!rules.Origins.IsEmpty)
        {
            // Also for requests without an origin and for foreign ones: else a cache hands their answers to an allowed page.
            context.Response.OnStarting(VaryByOrigin, context);
        }

        return next(context);
    }

    /// <summary>What pages of allowed origins may send and see. No credentials: the relay has no cookies, and a token is sent by the page itself.</summary>
    public static void AllowPages(CorsOptions cors, AccessRules rules) => cors.AddDefaultPolicy(policy => policy
        .SetIsOriginAllowed(rules.Origins.Contains)
        .WithMethods(HttpMethods.Get, HttpMethods.Head, HttpMethods.Post, HttpMethods.Put, HttpMethods.Delete)
        .WithHeaders(HeaderNames.Authorization, HeaderNames.ContentType, HeaderNames.Range, RequestIdMiddleware.Header, HeaderNames.XRequestedWith, "X-SignalR-User-Agent")
        .WithExposedHeaders(
            LogEndpoints.NextOffsetHeader, RequestIdMiddleware.Header, HeaderNames.ContentRange, HeaderNames.AcceptRanges, HeaderNames.RetryAfter, HeaderNames.WWWAuthenticate)
        .SetPreflightMaxAge(TimeSpan.FromMinutes(10)));
}
