namespace Relay.Server.Observability;

/// <summary>Gives every request an id: the client's own if it is sensible, else a new one. It stands in every log line of the request and in the answer.</summary>
internal sealed class RequestIdMiddleware(RequestDelegate next, ILogger<RequestIdMiddleware> logger)
{
    public const string Header = "X-Request-ID";
    private const int MaxLength = 128;

    public async Task InvokeAsync(HttpContext context)
    {
        var given = context.Request.Headers[Header].ToString();
        var id = IsSensible(given) ? given : Guid.NewGuid().ToString("N");
        context.TraceIdentifier = id;
        context.Response.Headers[Header] = id;

        // An array: a dictionary would cost each WebSocket 200 bytes for as long as it is open.
        using (logger.BeginScope(new KeyValuePair<string, object>[] { new("RequestId", id), new("RequestPath", context.Request.Path.Value ?? "") }))
        {
            await next(context);
        }
    }

    private static bool IsSensible(string id) => id.Length is > 0 and <= MaxLength && id.All(c => c is > ' ' and < '\x7f');
}
