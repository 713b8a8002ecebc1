using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;
using Relay.Contracts;

namespace Relay.Server.Security;

/// <summary>Who may come in, and what they may do. See SECURITY.md.</summary>
internal static partial class SecurityFeature
{
    public static WebApplicationBuilder AddSecurity(this WebApplicationBuilder builder, RelayServerOptions relay)
    {
        builder.Services.AddOptions<SecurityOptions>().BindConfiguration(SecurityOptions.Section).Configure(relay.ApplyTo);
        builder.Services.AddSingleton<IValidateOptions<SecurityOptions>, AccessRules.Validation>();
        builder.Services.AddSingleton(AccessRules.Read);
        builder.Services.AddSingleton<TicketOffice>();
        // Only the core: the rest would make keys for cookies, and keep them in somebody's home.
        builder.Services.AddAuthenticationCore(options =>
        {
            options.DefaultScheme = RelayAuthentication.Scheme;
            options.AddScheme<RelayAuthentication>(RelayAuthentication.Scheme, displayName: null);
        });
        builder.Services.AddWebEncoders();
        builder.Services.AddCors();
        builder.Services.AddOptions<CorsOptions>().Configure<AccessRules>(BrowserHeaders.AllowPages);
        builder.Services.AddSingleton<IAuthorizationHandler, RightHandler>();
        builder.Services.AddSingleton<IAuthorizationMiddlewareResultHandler, DenialAnswers>();

        // Nothing of it is one request's own. Made anew for each, it would be held by each WebSocket for as long as it is open.
        builder.Services.AddSingleton<IPolicyEvaluator, PolicyEvaluator>();
        builder.Services.AddAuthorization(options =>
        {
            foreach (var right in Rights.All)
            {
                options.AddPolicy(Rights.PolicyOf(right), PolicyFor(right));
            }

            options.FallbackPolicy = PolicyFor(Right.Admin); // A route that says nothing is nobody's but the administrator's.
        });
        builder.Services.Configure<HubOptions>(hub => hub.AddFilter<HubAccess>());
        return builder;
    }

    /// <summary>Comes before whatever may refuse a request: a page can read a refusal only if it has these headers, too.</summary>
    public static void UseBrowserHeaders(this WebApplication app)
    {
        app.UseMiddleware<BrowserHeaders>();
        app.UseCors();
    }

    /// <summary>Everything that comes behind this knows who asks.</summary>
    public static void UseSecurity(this WebApplication app)
    {
        var rules = app.Services.GetRequiredService<AccessRules>();
        app.UseMiddleware<ProxyMiddleware>();
        if (rules.Proxies.Networks.Count > 0)
        {
            app.UseForwardedHeaders(ForwardedBy(rules.Proxies)); // Without networks the framework would believe everybody.
        }

        app.UseMiddleware<OriginMiddleware>(); // Needs the scheme that a proxy says.
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseLimits();
        app.Lifetime.ApplicationStarted.Register(() => Announce(app.Logger, rules));
    }

    public static void MapSecurity(this WebApplication app) =>
        app.MapPost("/tickets", (HttpResponse response, ClaimsPrincipal user, TicketOffice tickets) =>
        {
            response.Headers.CacheControl = "no-store";
            return new TicketAnswer { Ticket = tickets.Issue(Caller.Of(user)!), ExpiresIn = (int)TicketOffice.Life.TotalSeconds };
        })
            .Needs(Right.Connect)
            .WithMetadata(new RatedAttribute(Rate.Connect))
            .WithSummary("A ticket that stands for the caller's token, once, in the URL of a WebSocket or a download")
            .WithTags("Access")
            .Produces<TicketAnswer>();

    private static void Announce(ILogger logger, AccessRules rules)
    {
        LogAccess(logger, rules);
        if (rules.IsOpenToAll)
        {
            LogOpen(logger);
        }
    }

    private static AuthorizationPolicy PolicyFor(Right right) =>
        new AuthorizationPolicyBuilder().RequireAuthenticatedUser().AddRequirements(new RightRequirement(right)).Build();

    private static ForwardedHeadersOptions ForwardedBy(NetworkList proxies)
    {
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto, ForwardLimit = null };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var network in proxies.Networks)
        {
            options.KnownIPNetworks.Add(network);
        }

        return options;
    }

    [LoggerMessage(LogLevel.Information, "Access: {Rules}")]
    private static partial void LogAccess(ILogger logger, AccessRules rules);

    [LoggerMessage(LogLevel.Warning, "This relay is open: whoever reaches it may read, write and delete everything. Without --auth none and without a network of all addresses, and with a key, it is closed.")]
    private static partial void LogOpen(ILogger logger);
}
