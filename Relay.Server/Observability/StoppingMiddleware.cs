using Relay.Server.Storage;

namespace Relay.Server.Observability;

/// <summary>Refuses new requests once the server is stopping: a client that reconnects at once would otherwise attach to it and keep it alive.</summary>
internal sealed class StoppingMiddleware(RequestDelegate next, IHostApplicationLifetime lifetime)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (!lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return next(context);
        }

        context.Response.Headers.RetryAfter = "1";
        context.Response.Headers.Connection = "close";
        throw Errors.Stopping();
    }
}
