using System.Reflection;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.SignalR;
using Relay.Contracts;

namespace Relay.Server.Security;

/// <summary>Asks before each call of a hub method whether the caller may. A method that says nothing takes an admin key.</summary>
internal sealed class HubAccess(IAuthorizationService authorization, RateLimits rates) : IHubFilter
{
    public async ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        var right = invocationContext.HubMethod.GetCustomAttribute<NeedsAttribute>()?.Right ?? Right.Admin;
        var user = invocationContext.Context.User!;
        var allowed = await authorization.AuthorizeAsync(user, new SessionResource(SessionOf(invocationContext)), Rights.PolicyOf(right));
        return allowed.Succeeded ? await next(invocationContext) : throw new HubException(Refuse(invocationContext.Context, right).ToWire());
    }

    /// <summary>A denied call counts like a refused token; who goes on with them loses the connection.</summary>
    private RelayException Refuse(HubCallerContext context, Right right)
    {
        if (rates.Fail(context.GetHttpContext()?.Connection.RemoteIpAddress) is not { } tooMany)
        {
            return Denials.Forbidden(right);
        }

        context.Abort();
        return tooMany;
    }

    private static string? SessionOf(HubInvocationContext invocation) => invocation.HubMethodArguments switch
    {
        [WriteRequest write, ..] => write.Session,
        [ReadRequest read, ..] => read.Session,
        [LinesRequest lines, ..] => lines.Session,
        [SearchRequest search, ..] => search.Session,
        [WatchRequest watch, ..] => watch.Session,
        _ => null,
    };
}
