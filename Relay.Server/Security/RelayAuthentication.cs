using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Relay.Contracts;
using Relay.Server.Storage;

namespace Relay.Server.Security;

/// <summary>
/// Finds out who asks: by <c>Authorization: Bearer</c> (RFC 6750), by a ticket in the URL, or by where the request comes from. What was sent is judged
/// wherever it comes from, so that a wrong token never turns into no token.
/// </summary>
internal sealed class RelayAuthentication(
    AccessRules rules, ILogStore store, TicketOffice tickets, IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public new const string Scheme = "Relay";

    private const string Bearer = "Bearer ";

    // The second is what SignalR's JavaScript client calls it.
    private static readonly string[] TicketParameters = ["ticket", "access_token"];

    /// <summary>Why a request's credentials, or the lack of them, were not enough.</summary>
    public static async Task<RelayException> FailureOfAsync(HttpContext context) =>
        (await context.AuthenticateAsync(Scheme)).Failure as RelayException ?? Denials.Unknown("The request has no token.");

    /// <summary>Whether a request came with a token or a ticket, be it right or wrong.</summary>
    public static bool HasToken(HttpRequest request) =>
        request.Headers[HeaderNames.Authorization].Count > 0 || Array.Exists(TicketParameters, request.Query.ContainsKey);

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (rules.IsOpen)
        {
            return Known(Caller.Anonymous);
        }

        try
        {
            return Known(await IdentifyAsync());
        }
        catch (AccessDeniedException e)
        {
            return AuthenticateResult.Fail(e);
        }
    }

    private async Task<Caller> IdentifyAsync()
    {
        if (Request.Headers[HeaderNames.Authorization].ToString() is { Length: > 0 } header)
        {
            return header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
                ? await ByTokenAsync(TokenHash.Of(header[Bearer.Length..].Trim()))
                : throw Denials.Unknown("The relay takes bearer tokens only; this Authorization header has another scheme.");
        }

        foreach (var parameter in TicketParameters)
        {
            if (Request.Query[parameter].ToString() is { Length: > 0 } ticket)
            {
                return await ByTicketAsync(TokenHash.Of(ticket), parameter);
            }
        }

        return AnonymousAccess.IsAllowed(rules, Context, out var reason) ? Caller.Anonymous : throw Denials.NoToken(reason);
    }

    private async Task<Caller> ByTokenAsync(TokenHash token) =>
        await FindAsync(token) ?? Redeem(token) ?? throw Denials.Unknown("The relay does not know this token: it is wrong, or its session was deleted long ago.");

    private async Task<Caller> ByTicketAsync(TokenHash ticket, string parameter) =>
        Redeem(ticket)
        ?? throw (await FindAsync(ticket) is null
            ? Denials.Unknown($"The relay does not know this {parameter}: a ticket can be used once, within {TicketOffice.Life.TotalSeconds:0} s. POST /tickets makes another.")
            : Denials.Unknown("A token does not belong into a URL, which ends up in logs: POST /tickets makes a ticket for the URL."));

    /// <summary>A ticket is for what cannot send a header: WebSockets, downloads. It makes no other ticket, and what needs no token of one place needs one of another.</summary>
    private Caller? Redeem(TokenHash ticket)
    {
        var isForTickets = HttpMethods.IsGet(Request.Method) || HttpMethods.IsHead(Request.Method) || Request.Path.StartsWithSegments(HubRoutes.Logs, StringComparison.Ordinal);
        return tickets.Redeem(ticket) switch
        {
            null => null,
            _ when !isForTickets => throw Denials.Unknown("A ticket is for reading and for WebSockets only."),
            { IsAnonymous: true } when !AnonymousAccess.IsAllowed(rules, Context, out var reason) => throw Denials.NoToken(reason),
            var caller => caller,
        };
    }

    private async Task<Caller?> FindAsync(TokenHash token) =>
        rules.IsAdminKey(token) ? Caller.Admin(token)
        : await store.FindTokenAsync(token, Context.RequestAborted) is { } owner ? Caller.OfSession(owner)
        : null;

    private static AuthenticateResult Known(Caller caller) => AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(caller), Scheme));
}
