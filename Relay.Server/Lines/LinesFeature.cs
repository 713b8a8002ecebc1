using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Relay.Contracts;
using Relay.Server.Security;
using Relay.Server.Sessions;
using Relay.Server.Streaming;

namespace Relay.Server.Lines;

/// <summary>Logs line by line: windows into them, searches, and all of them as text.</summary>
internal static class LinesFeature
{
    public static WebApplicationBuilder AddLines(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<LinesOptions>()
            .BindConfiguration(LinesOptions.Section)
            .ValidateRange(options => options.SearchTime, "Lines:SearchTime", TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10))
            .ValidateRange(options => options.Searches, "Lines:Searches", 1, 256);
        builder.Services.AddSingleton(services => new SearchTurns(services.GetRequiredService<IOptions<LinesOptions>>().Value.Searches));
        builder.Services.AddSingleton<LogSearches>();
        builder.Services.AddSingleton<TextDownload>();
        return builder;
    }

    public static void MapLines(this WebApplication app)
    {
        app.MapGet("/logs/{id}/search", async (HttpContext context, string id, SessionRegistry registry, LogSearches searches) =>
        {
            var session = await registry.GetAsync(id, Caller.Of(context.User), context.RequestAborted);
            context.Response.Headers.CacheControl = "no-store";
            return await searches.Search(session, SearchQuery.Read(context.Request, id), context.RequestAborted).ToAnswerAsync();
        })
            .Needs(Right.Read)
            .WithTags("Logs")
            .WithSummary("Search a log: lines that have a text, match a regular expression, or are of a level")
            .WithQuery(SearchQuery.Parameters)
            .Produces<SearchAnswer>()
            .Produces<ProblemDetails>(StatusCodes.Status400BadRequest, "application/problem+json");

        app.MapGet("/logs/{id}/text", async (HttpContext context, string id, SessionRegistry registry, TextDownload download) =>
            await download.RunAsync(context, await registry.GetAsync(id, Caller.Of(context.User), context.RequestAborted)))
            .AddEndpointFilter(LogEndpoints.LiftLimits)
            .Needs(Right.Read)
            .WithTags("Logs")
            .WithSummary("Both outputs as one text, line by line, up to the current end")
            .WithQuery(TextDownload.Parameters)
            .Produces(StatusCodes.Status200OK, contentType: TextDownload.ContentType)
            .Produces<ProblemDetails>(StatusCodes.Status400BadRequest, "application/problem+json");
    }
}
