using System.Reflection;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Controllers;
using Microsoft.AspNetCore.Mvc.ModelBinding.Metadata;
using Relay.Server.Observability;

namespace Relay.Server.Sessions;

internal static class SessionsFeature
{
    public static WebApplicationBuilder AddSessions(this WebApplicationBuilder builder, RelayServerOptions relay)
    {
        builder.Services.AddOptions<SessionOptions>()
            .BindConfiguration(SessionOptions.Section)
            .Configure(options => options.Ttl = relay.Ttl ?? options.Ttl)
            .ValidateRange(options => options.Ttl, "Sessions:Ttl", TimeSpan.FromSeconds(1), TimeSpan.FromDays(365))
            .ValidateRange(options => options.SweepInterval, "Sessions:SweepInterval", TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1))
            .ValidateRange(options => options.MaxSessions, "Sessions:MaxSessions", 1, 10_000_000)
            .ValidateRange(options => options.MaxPerKey, "Sessions:MaxPerKey", 0, 10_000_000);
        builder.Services.AddSingleton<PresencePublisher>();
        builder.Services.AddSingleton<SessionRegistry>();
        builder.Services.AddSingleton<SessionStatusMapper>();
        builder.Services.AddTransient<SessionsWatch>();
        builder.Services.AddSingleton<SessionSweeper>();
        builder.Services.AddHostedService(services => services.GetRequiredService<SessionSweeper>());
        builder.Services.AddControllers(options => options.ModelMetadataDetailsProviders.Add(new ExactStrings()))
            .AddApplicationPart(typeof(SessionsFeature).Assembly)
            .ConfigureApplicationPartManager(parts => parts.FeatureProviders.Add(new InternalControllers()))
            .ConfigureApiBehaviorOptions(options =>
            {
                options.InvalidModelStateResponseFactory = Problems.OfInvalidModel;
                options.SuppressMapClientErrors = true; // A bare status becomes a problem document in ProblemMiddleware, like everywhere else.
            });
        return builder;
    }

    public static void MapSessions(this WebApplication app) => app.MapControllers();

    /// <summary>A session may be called by a blank; MVC would make null of it.</summary>
    private sealed class ExactStrings : IDisplayMetadataProvider
    {
        public void CreateDisplayMetadata(DisplayMetadataProviderContext context) => context.DisplayMetadata.ConvertEmptyStringToNull = false;
    }

    /// <summary>The server has no public API, so its controllers are internal too.</summary>
    private sealed class InternalControllers : ControllerFeatureProvider
    {
        protected override bool IsController(TypeInfo typeInfo) =>
            typeInfo is { IsAbstract: false, IsPublic: false } && typeInfo.IsSubclassOf(typeof(ControllerBase)) && typeInfo.Assembly == typeof(InternalControllers).Assembly;
    }
}
