using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Microsoft.Extensions.Options;
using Relay.Contracts;
using Relay.Server.Security;

namespace Relay.Server.Streaming;

internal static class StreamingFeature
{
    /// <summary>Room for the frame around the largest item.</summary>
    private const int FrameAllowance = 64 * 1024;

    /// <summary>Where back-pressure begins on the way to a hub client: one batch may wait, not two.</summary>
    private const int StalledReaderBufferBytes = 32 * 1024;

    private const long MostBytesPerSecond = 1L << 40;

    public static WebApplicationBuilder AddStreaming(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<StreamingOptions>()
            .BindConfiguration(StreamingOptions.Section)
            .ValidateRange(options => options.ReaderGrace, "Streaming:ReaderGrace", TimeSpan.Zero, TimeSpan.FromHours(1))
            .ValidateRange(options => options.BatchBytes, "Streaming:BatchBytes", 4 * 1024, 1024 * 1024)
            .ValidateRange(options => options.WriteWindowItems, "Streaming:WriteWindowItems", 2, 1024)
            .ValidateRange(options => options.MaxItemBytes, "Streaming:MaxItemBytes", 64 * 1024, 16 * 1024 * 1024)
            .ValidateRange(options => options.MaxMessageBytes, "Streaming:MaxMessageBytes", 64L * 1024, 16L * 1024 * 1024 * 1024)
            .ValidateRange(options => options.WriterBytesPerSecond, "Streaming:WriterBytesPerSecond", 0, MostBytesPerSecond)
            .Validate(options => options.WriterBytesPerSecond is <= 0 or >= 1024, "Streaming:WriterBytesPerSecond must be 0, for no limit, or at least 1024.")
            .ValidateRange(options => options.MaxReadersPerSession, "Streaming:MaxReadersPerSession", 1, 1_000_000)
            .ValidateRange(options => options.MaxStreamsPerConnection, "Streaming:MaxStreamsPerConnection", 1, 100_000)
            .ValidateRange(options => options.KeepAliveInterval, "Streaming:KeepAliveInterval", TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1))
            .ValidateRange(options => options.KeepAliveTimeout, "Streaming:KeepAliveTimeout", TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5))
            .ValidateRange(options => options.ClientTimeout, "Streaming:ClientTimeout", TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(10))
            .ValidateRange(options => options.SendTimeout, "Streaming:SendTimeout", TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        builder.Services.AddSignalR().AddJsonProtocol();
        builder.Services.AddOptions<HubOptions>().Configure<IOptions<StreamingOptions>>((hub, streaming) =>
        {
            hub.SupportedProtocols = ["messagepack", "json"];
            hub.MaximumReceiveMessageSize = streaming.Value.MaxItemBytes + FrameAllowance;
            hub.StreamBufferCapacity = streaming.Value.WriteWindowItems;
            hub.KeepAliveInterval = streaming.Value.KeepAliveInterval;
            hub.ClientTimeoutInterval = streaming.Value.ClientTimeout;
        });

        // For hub and raw WebSockets alike: SignalR's own client time-out begins with the client's first ping, and a busy client sends none, so a
        // writer that froze or lost its network would hold its lease until TCP gives up.
        builder.Services.AddOptions<WebSocketOptions>().Configure<IOptions<StreamingOptions>>((sockets, streaming) =>
        {
            sockets.KeepAliveInterval = streaming.Value.KeepAliveInterval;
            sockets.KeepAliveTimeout = streaming.Value.KeepAliveTimeout;
        });
        builder.Services.AddSingleton<IHubProtocol, LendingHubProtocol>();
        builder.Services.AddSingleton<HubSocketEndpoint>();
        builder.Services.AddSingleton<WriterPaces>();
        builder.Services.AddSingleton<WriterAdmission>();
        builder.Services.AddSingleton<HttpLogReader>();
        builder.Services.AddSingleton<HttpLogWriter>();
        builder.Services.AddSingleton<WebSocketLogReader>();
        builder.Services.AddSingleton<WebSocketLogWriter>();
        return builder;
    }

    public static void MapStreaming(this WebApplication app)
    {
        var sendTimeout = app.Services.GetRequiredService<IOptions<StreamingOptions>>().Value.SendTimeout;
        app.Use((context, next) =>
        {
            // Before the library looks for the feature.
            if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade)
            {
                context.Features.Set<IHttpUpgradeFeature>(new CorkedUpgrade(upgrade));
            }

            return next(context);
        });
        app.UseWebSockets();
        var sockets = app.Services.GetRequiredService<HubSocketEndpoint>();
        app.MapHub<LogHub>(HubRoutes.Logs, options =>
        {
            // The others know a connection by an id in the URL, which would be as good as a token.
            options.Transports = Microsoft.AspNetCore.Http.Connections.HttpTransportType.WebSockets;
            options.AllowStatefulReconnects = false; // Cursors and offsets do its work; its buffer would throttle streams.
            options.TransportSendTimeout = sendTimeout;
            options.TransportMaxBufferSize = StalledReaderBufferBytes;
        }).Needs(Right.Connect).WithMetadata(new DisableRequestSizeLimitAttribute()) // Transports without WebSockets send their items as bodies.
            .Add(endpoint =>
            {
                var library = endpoint.RequestDelegate!;
                endpoint.RequestDelegate = context => HubSocketEndpoint.Serves(context.Request) ? sockets.RunAsync(context) : library(context);
            });
        app.MapLogRoutes();
    }
}
