using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Relay.Server.Security;
using Relay.Server.Sessions;
using Relay.Server.Storage;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Serilog.Formatting.Display;
using Serilog.Formatting.Json;

namespace Relay.Server.Observability;

/// <summary>Logs, request ids, problem documents, health and the API's own description.</summary>
internal static class ObservabilityFeature
{
    public const string DocsRoute = "/docs";

    private const string TerminalTemplate = "{Timestamp:HH:mm:ss.fff} {Level:u3} {SourceContext:l} {Message:lj}{NewLine}{Exception}";

    private const string HostingDiagnostics = "Microsoft.AspNetCore.Hosting.Diagnostics";

    private static readonly string[] OtherWaysOut = ["Serilog:WriteTo", "Serilog:AuditTo"];

    public static WebApplicationBuilder AddObservability(this WebApplicationBuilder builder, RelayServerOptions relay, List<string> faults)
    {
        var logger = CreateLogger(builder.Configuration, faults);
        builder.Logging.ClearProviders().AddSerilog(logger, dispose: true);

        // Kestrel quotes requests that it cannot read, tokens and all, if this category may say more than warnings. Those that say what became of a connection may.
        builder.Logging.AddFilter<SerilogLoggerProvider>((category, level) => level >= LogLevel.Warning || category is not "Microsoft.AspNetCore.Server.Kestrel");

        // It has a line for each request. Unless somebody wants them, it shall not hold its trace and scope for each WebSocket that is open: lines have their request's id by RequestIdMiddleware.
        var linesOfRequests = logger.ForContext(Constants.SourceContextPropertyName, HostingDiagnostics).IsEnabled(LogEventLevel.Information);
        builder.Logging.AddFilter<SerilogLoggerProvider>(HostingDiagnostics, _ => linesOfRequests);
        builder.Services.AddOpenApi("v1", options => options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "SparkLogRelay";
            document.Info.Version = RelayApplication.Version;
            foreach (var server in document.Servers ?? [])
            {
                // It is made of the request, from which a proxy may have taken the path.
                server.Url = server.Url!.EndsWith(relay.PathBase, StringComparison.Ordinal) ? server.Url : server.Url.TrimEnd('/') + relay.PathBase;
            }

            document.Components ??= new OpenApiComponents();
            document.AddComponent("token", new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An admin key, or a token of the session." });
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("token", document)] = [] }];
            document.Info.Description = "Live, complete logs of jobs that run elsewhere. The hub at /hubs/logs and the raw routes are described in docs/protocol.md.";
            return Task.CompletedTask;
        }));
        return builder;
    }

    public static void UseObservability(this WebApplication app, RelayServerOptions relay)
    {
        app.UseMiddleware<RequestIdMiddleware>();
        app.UseBrowserHeaders();
        app.UseMiddleware<ProblemMiddleware>();
        app.UseMiddleware<StoppingMiddleware>();
        app.UseSwaggerUiAtDocs(relay.PathBase);
    }

    /// <summary>The page itself stands at <c>/docs</c>, without the redirect to <c>/docs/index.html</c>: the original service answered 200 there.</summary>
    private static void UseSwaggerUiAtDocs(this WebApplication app, string pathBase)
    {
        app.Use((context, next) =>
        {
            if (context.Request.Path.Equals(DocsRoute, StringComparison.Ordinal))
            {
                context.Request.Path = $"{DocsRoute}/index.html";
            }

            return next(context);
        });
        // Only there: it would stand in the way of every other request, and of WebSockets for as long as they are open.
        app.UseWhen(context => context.Request.Path.StartsWithSegments(DocsRoute, StringComparison.Ordinal), docs => docs.UseSwaggerUI(options =>
        {
            options.RoutePrefix = DocsRoute[1..];
            options.DocumentTitle = "SparkLogRelay";
            options.SwaggerEndpoint($"{pathBase}/openapi/v1.json", "SparkLogRelay");
            var original = options.IndexStream;
            options.IndexStream = () =>
            {
                using var reader = new StreamReader(original());
                return new MemoryStream(Encoding.UTF8.GetBytes(reader.ReadToEnd().Replace("<head>", $"<head><base href=\"{pathBase}{DocsRoute}/\">", StringComparison.Ordinal)));
            };
        }));
    }

    public static void MapObservability(this WebApplication app)
    {
        app.MapOpenApi().AllowAnonymous();
        app.MapMethods("/health", [HttpMethods.Get, HttpMethods.Head], (ILogStore store, SessionSweeper sweeper, AccessRules access) =>
        {
            var isHealthy = store.Health.IsWritable && sweeper.Failure is null;
            return TypedResults.Json(
                new HealthDocument("SparkLogRelay", isHealthy ? "ok" : "degraded", store.Health.Status, sweeper.Failure ?? "ok", access.IsOpenToAll ? access.ToString() : "ok"),
                statusCode: isHealthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
        })
            .AllowAnonymous()
            .WithSummary("Whether the relay and its store are well")
            .WithTags("Health")
            .Produces<HealthDocument>()
            .Produces<HealthDocument>(StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>Readable on a terminal, JSON lines everywhere else; levels can be set in the configuration section <c>Serilog</c>.</summary>
    private static Serilog.Core.Logger CreateLogger(ConfigurationManager configuration, List<string> faults)
    {
        if (Array.Find(OtherWaysOut, way => configuration.GetSection(way).Exists()) is { } other)
        {
            faults.Add($"{other} is not taken: the relay logs to stdout, where it masks tokens. Have the service manager send stdout where it should go.");
        }

        try
        {
            return Configure(configuration).CreateLogger();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException)
        {
            faults.Add($"The section Serilog cannot be used: {e.Message}");
            return new LoggerConfiguration().CreateLogger();
        }
    }

    private static LoggerConfiguration Configure(IConfiguration configuration)
    {
        var logger = new LoggerConfiguration()
            .MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("Microsoft.Hosting.Lifetime", LogEventLevel.Information)
            // A refused hub call is the client's matter: the hub logs its own failures, and the dispatcher would log each refusal with a stack.
            .MinimumLevel.Override("Microsoft.AspNetCore.SignalR.Internal.DefaultHubDispatcher", LogEventLevel.Fatal)
            // A line for each request of a stranger would let strangers fill the disk.
            .MinimumLevel.Override(typeof(RelayAuthentication).FullName!, LogEventLevel.Warning)
            // Why the relay could not start is said on stderr, in one line, by RelayApplication.
            .MinimumLevel.Override("Microsoft.Extensions.Hosting.Internal.Host", LogEventLevel.Fatal)
            .ReadFrom.Configuration(configuration)
            .Enrich.FromLogContext()
            .Filter.ByExcluding(e => e.Properties.ContainsKey("InvocationMessage")); // SignalR's own words for a hub call, with all its arguments.
        return logger.WriteTo.Console(new MaskedFormatter(
            Console.IsOutputRedirected ? new JsonFormatter(renderMessage: true) : new MessageTemplateTextFormatter(TerminalTemplate, CultureInfo.InvariantCulture)));
    }
}

/// <summary>Answer of <c>GET /health</c>.</summary>
internal sealed record HealthDocument(string Name, string Status, string Store, string Sweeper, string Access);
