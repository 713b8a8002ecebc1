using Microsoft.AspNetCore.Authorization;
using Relay.Server.Storage;

namespace Relay.Server.Security;

/// <summary>What a route or a hub method takes. An admin key, and an anonymous network, have them all.</summary>
internal enum Right
{
    /// <summary>To be known: any token.</summary>
    Connect,

    /// <summary>To see how a session stands: either of its tokens.</summary>
    Look,

    /// <summary>To read a session's log: its read token.</summary>
    Read,

    /// <summary>To write it and to complete the session: its write token.</summary>
    Write,

    /// <summary>Everything else, and whatever says nothing.</summary>
    Admin,
}

/// <summary>The same policies for REST, raw streams and the hub.</summary>
internal static class Rights
{
    public static readonly IReadOnlyList<Right> All = Enum.GetValues<Right>();

    public static string PolicyOf(Right right) => $"relay:{right}";

    public static TBuilder Needs<TBuilder>(this TBuilder endpoint, Right right)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.RequireAuthorization(PolicyOf(right));
}

/// <summary>The right that a controller's action or a hub's method takes.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class NeedsAttribute(Right right) : Attribute, IAuthorizeData
{
    public Right Right { get; } = right;

    public string? Policy { get; set; } = Rights.PolicyOf(right);

    public string? Roles { get; set; }

    public string? AuthenticationSchemes { get; set; }
}

/// <summary>A right that is asked for.</summary>
internal sealed record RightRequirement(Right Right) : IAuthorizationRequirement;

/// <summary>The session that is meant.</summary>
internal sealed record SessionResource(string? Id);

/// <summary>Decides.</summary>
internal sealed class RightHandler(ILogStore store) : AuthorizationHandler<RightRequirement>
{
    protected override async Task HandleRequirementAsync(AuthorizationHandlerContext context, RightRequirement requirement)
    {
        if (Caller.Of(context.User) is { } caller && (caller.IsAdmin || await AllowsAsync(caller, requirement.Right, context.Resource)))
        {
            context.Succeed(requirement);
        }
    }

    private async Task<bool> AllowsAsync(Caller caller, Right right, object? resource)
    {
        if (right == Right.Connect)
        {
            return true; // It was known when it came, and gets nothing by this alone.
        }

        if (caller.Token is null || await store.FindTokenAsync(caller.Token, CancellationToken.None) is not { } owner)
        {
            return false;
        }

        var isOfSession = owner.Session == resource switch
        {
            HttpContext http => http.GetRouteValue("id") as string,
            SessionResource session => session.Id,
            _ => null,
        };
        return right switch
        {
            Right.Look => isOfSession,
            Right.Read => isOfSession && owner.Right == TokenRight.Read,
            Right.Write => isOfSession && owner.Right == TokenRight.Write,
            _ => false,
        };
    }
}
