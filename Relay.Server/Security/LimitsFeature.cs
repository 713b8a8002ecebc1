using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;

namespace Relay.Server.Security;

/// <summary>How much the relay takes from anybody. See docs/operations.md, "Limits".</summary>
internal static class LimitsFeature
{
    private const int Most = 1_000_000;

    public static WebApplicationBuilder AddLimits(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<LimitOptions>()
            .BindConfiguration(LimitOptions.Section)
            .ValidateRange(options => options.MaxConnections, "Limits:MaxConnections", 0, Most)
            .ValidateRange(options => options.MaxConnectionsPerAddress, "Limits:MaxConnectionsPerAddress", 0, Most)
            .ValidateRange(options => options.MaxWebSockets, "Limits:MaxWebSockets", 0, Most)
            .ValidateRange(options => options.MaxWebSocketsPerAddress, "Limits:MaxWebSocketsPerAddress", 0, Most)
            .ValidateRange(options => options.CreatesPerSecond, "Limits:CreatesPerSecond", 0, Most)
            .ValidateRange(options => options.CreateBurst, "Limits:CreateBurst", 1, Most)
            .ValidateRange(options => options.ConnectsPerSecond, "Limits:ConnectsPerSecond", 0, Most)
            .ValidateRange(options => options.ConnectBurst, "Limits:ConnectBurst", 1, Most)
            .ValidateRange(options => options.FailedAuthPerMinute, "Limits:FailedAuthPerMinute", 0, Most)
            .ValidateRange(options => options.MaxHeaderBytes, "Limits:MaxHeaderBytes", 4 * 1024, 1024 * 1024)
            .ValidateRange(options => options.HeaderTimeout, "Limits:HeaderTimeout", TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10))
            .ValidateRange(options => options.MaxDocumentBytes, "Limits:MaxDocumentBytes", 4 * 1024, 16 * 1024 * 1024);
        builder.Services.AddSingleton<Refusals>();
        builder.Services.AddSingleton<RateLimits>();
        builder.Services.AddSingleton<ConnectionLimits>();
        builder.Services.Configure<HubOptions>(hub => hub.AddFilter<HubStreamLimit>());
        return builder;
    }

    /// <summary>Stands behind the authorization, so that strangers use up nothing of what others may do from the same address, and before anything is done.</summary>
    public static void UseLimits(this WebApplication app)
    {
        // Not where the server is configured: it is made before it is known whether the limits can be.
        var limits = app.Services.GetRequiredService<IOptions<LimitOptions>>().Value;
        var server = app.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits;
        server.MaxRequestHeadersTotalSize = limits.MaxHeaderBytes;
        server.RequestHeadersTimeout = limits.HeaderTimeout;
        server.MaxRequestBodySize = limits.MaxDocumentBytes;
        app.UseMiddleware<RateMiddleware>();
        app.UseMiddleware<WebSocketLimit>();
    }
}
