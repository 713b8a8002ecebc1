using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.OpenApi;
using Relay.Contracts;
using Relay.Server.Security;
using Relay.Server.Sessions;

namespace Relay.Server.Streaming;

/// <summary>The raw routes: WebSocket or plain HTTP on the same paths.</summary>
internal static class LogEndpoints
{
    public const string NextOffsetHeader = "Relay-Next-Offset";

    public static void MapLogRoutes(this WebApplication app)
    {
        var logs = app.MapGroup("/logs/{id}").WithTags("Logs").AddEndpointFilter(LiftLimits);

        logs.MapGet("/read/{output}", async (HttpContext context, string id, string output, SessionRegistry registry, HttpLogReader http, WebSocketLogReader socket) =>
        {
            var type = LogRequests.Output(output);
            var session = await registry.GetAsync(id, Caller.Of(context.User), context.RequestAborted);
            await (context.WebSockets.IsWebSocketRequest ? socket.RunAsync(context, session, type) : http.RunAsync(context, session, type));
        })
            .Needs(Right.Read)
            .WithSummary("Read an output: plain HTTP (?follow, ?from, ?tail, Range) or WebSocket")
            .Produces(StatusCodes.Status200OK, contentType: HttpLogReader.ContentType)
            .WithQuery(
                ("follow", JsonSchemaType.Boolean, "Stay and send what arrives, until the job has completed."),
                ("from", JsonSchemaType.Integer, "Begin at this offset."),
                ("tail", JsonSchemaType.Integer, "Begin at the last so many lines."),
                ("format", JsonSchemaType.String, "WebSocket only: text (default) or binary."));

        logs.MapMethods("/read/{output}", [HttpMethods.Head], async (HttpContext context, string id, string output, SessionRegistry registry) =>
            HttpLogReader.ShowLength(context, await registry.GetAsync(id, Caller.Of(context.User), context.RequestAborted), LogRequests.Output(output)))
            .Needs(Right.Read)
            .WithSummary("Length of an output");

        logs.MapMethods("/write/{output}", [HttpMethods.Put, HttpMethods.Post], async (HttpContext context, string id, string output, SessionRegistry registry, HttpLogWriter http) =>
        {
            var type = LogRequests.Output(output);
            await http.RunAsync(context, await registry.GetAsync(id, Caller.Of(context.User), context.RequestAborted), type);
        })
            .Needs(Right.Write)
            .WithSummary("Append the body to an output; ?offset and ?run make it idempotent")
            .Produces<WriteAnswer>()
            .WithQuery(
                ("offset", JsonSchemaType.Integer, "Offset of the body's first byte; what the output has already is skipped."),
                ("run", JsonSchemaType.String, "With offset: who writes, the same over all retries. Default http."));

        logs.MapMethods("/write/{output}", [HttpMethods.Head], async (HttpContext context, string id, string output, SessionRegistry registry) =>
        {
            var type = LogRequests.Output(output);
            var session = await registry.GetAsync(id, Caller.Of(context.User), context.RequestAborted);
            context.Response.Headers[NextOffsetHeader] = session.Log.Snapshot()[type].Length.ToString();
        })
            .Needs(Right.Write)
            .WithSummary("Offset of the next byte of an output");

        logs.MapGet("/write/{output}", async (HttpContext context, string id, string output, SessionRegistry registry, WebSocketLogWriter socket) =>
        {
            var type = LogRequests.Output(output);
            var session = await registry.GetAsync(id, Caller.Of(context.User), context.RequestAborted);
            if (!context.WebSockets.IsWebSocketRequest)
            {
                throw LogRequests.Invalid("Writing takes a WebSocket, or PUT with the bytes as its body. To read, GET /logs/{id}/read/{output}.");
            }

            await socket.RunAsync(context, session, type);
        })
            .Needs(Right.Write)
            .WithSummary("Write an output by WebSocket");
    }

    /// <summary>Describes the parameters of the query, which the handlers read themselves, so that every fault is told in the relay's own form.</summary>
    internal static RouteHandlerBuilder WithQuery(this RouteHandlerBuilder endpoint, params (string Name, JsonSchemaType Type, string Description)[] parameters) =>
        endpoint.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Parameters ??= [];
            foreach (var (name, type, description) in parameters)
            {
                operation.Parameters.Add(new OpenApiParameter { Name = name, In = ParameterLocation.Query, Description = description, Schema = new OpenApiSchema { Type = type } });
            }

            return Task.CompletedTask;
        });

    /// <summary>A log has no length that would be too much and no rate that would be too slow.</summary>
    internal static ValueTask<object?> LiftLimits(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var features = invocation.HttpContext.Features;
        if (features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        if (features.Get<IHttpMinRequestBodyDataRateFeature>() is { } requestRate)
        {
            requestRate.MinDataRate = null;
        }

        if (features.Get<IHttpMinResponseDataRateFeature>() is { } responseRate)
        {
            responseRate.MinDataRate = null;
        }

        return next(invocation);
    }
}

/// <summary>Answer to a plain HTTP write.</summary>
internal sealed record WriteAnswer(string Status, long Offset);
