using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Relay.Contracts;

namespace Relay.Server.Security;

/// <summary>What those are told who may not.</summary>
internal static class Denials
{
    public static RelayException Unknown(string reason) => new AccessDeniedException(
        RelayErrorCode.Unauthorized, $"{reason} Send a token as 'Authorization: Bearer TOKEN' (relay and relay-writer: $RELAY_TOKEN).");

    public static RelayException NoToken(string whyNotWithout) => new AccessDeniedException(
        RelayErrorCode.Unauthorized,
        $"The request has no token. {whyNotWithout} Send one as 'Authorization: Bearer TOKEN' (relay and relay-writer: $RELAY_TOKEN). Whoever runs the relay sets who may come in: --admin-keys-file, --anonymous-networks.");

    /// <summary>For a caller that is known.</summary>
    public static RelayException Forbidden(Right right) => new AccessDeniedException(
        RelayErrorCode.Forbidden,
        right switch
        {
            Right.Look => "The token belongs to another session. Use a token of this one, or an admin key.",
            Right.Read => "This takes the session's read token, or an admin key; the token sent is neither.",
            Right.Write => "This takes the session's write token, or an admin key; the token sent is neither.",
            _ => "This takes an admin key; the token sent is one of a session.",
        });

    /// <param name="origin">As the browser says.</param>
    /// <param name="own">What the relay takes for its own origin, when a proxy may have hidden the true one.</param>
    public static RelayException ForeignPage(string origin, string? own) => new AccessDeniedException(
        RelayErrorCode.Forbidden,
        (AllowedOrigins.TryNormalize(origin, out var name)
            ? $"Pages of {name} may not use this relay. Whoever runs it lets them in with --allowed-origins {name}."
            : $"The request's Origin is '{Short(origin)}', which stands for no page that could be let in: local files and sandboxed frames have no origin of their own. Serve the page from a host, and let that in with --allowed-origins.")
        + (own is null ? "" : $" If it is the relay's own page behind a proxy: the relay takes itself for {own}. Have the proxy pass on Host and X-Forwarded-Proto, and name it in --known-proxies."));

    public static RelayException NamelessPage() => new AccessDeniedException(
        RelayErrorCode.Forbidden,
        "A page of another site made this request, and the browser does not say which: it has no Origin. Have the page use fetch in mode cors or a WebSocket, and let its origin in with --allowed-origins.");

    private static string Short(string text) => text.Length > 100 ? $"{text[..100]}…" : text;
}

/// <summary>Refusals over HTTP: WebSocket handshakes, the hub's among them, are refused as plain requests.</summary>
internal sealed class DenialAnswers(RateLimits rates) : IAuthorizationMiddlewareResultHandler
{
    public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult) =>
        authorizeResult.Succeeded ? next(context) : RefuseAsync(context, policy, authorizeResult);

    private async Task RefuseAsync(HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        var refusal = authorizeResult.Challenged
            ? await RelayAuthentication.FailureOfAsync(context)
            : Denials.Forbidden(policy.Requirements.OfType<RightRequirement>().Max(requirement => requirement.Right));
        throw RelayAuthentication.HasToken(context.Request) && rates.Fail(context.Connection.RemoteIpAddress) is { } tooMany ? tooMany : refusal;
    }
}
