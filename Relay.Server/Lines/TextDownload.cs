using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Relay.Contracts;
using Relay.Server.Sessions;
using Relay.Server.Storage;
using Relay.Server.Streaming;

namespace Relay.Server.Lines;

/// <summary>Sends a log as text in a response body. One that is not whole is aborted, never ended.</summary>
internal sealed class TextDownload(IOptions<StreamingOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
{
    public const string ContentType = "text/plain";

    public static readonly (string Name, JsonSchemaType Type, string Description)[] Parameters =
    [
        ("output", JsonSchemaType.String, "Only stdout, or only stderr."),
        ("times", JsonSchemaType.Boolean, "Before each line when it began, its output, and F, or P if it has not ended yet: the format of Kubernetes' container logs."),
    ];

    /// <exception cref="RelayException">A parameter is wrong, the session has its most readers, or the text cannot go on.</exception>
    public async Task RunAsync(HttpContext context, Session session)
    {
        IReadOnlyList<OutputType> outputs = context.Request.Query.TryGetValue("output", out var output) ? [LogRequests.Output(output.ToString())] : OutputTypes.All;
        var text = new LogText(session.Log, outputs, LogRequests.Flag(context.Request, "times", absent: false));
        context.Response.ContentType = $"{ContentType}; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";

        ReaderPump.Join(session, options.Value.MaxReadersPerSession);
        try
        {
            await SendAsync(context, session, text);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw Errors.Stopping();
        }
        finally
        {
            session.ReaderLeft();
            session.Touch();
        }
    }

    private async Task SendAsync(HttpContext context, Session session, LogText text)
    {
        // A client that takes nothing may stay, but not keep the server from stopping.
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        foreach (var piece in text.Read())
        {
            over.Token.ThrowIfCancellationRequested();
            ThrowIfGone(session);
            if (piece.IsEmpty)
            {
                await Task.Yield(); // A line may be gigabytes long: let others have the thread.
                continue;
            }

            await context.SendAsync(session, piece, time, over.Token);
            session.Touch();
        }

        ThrowIfGone(session);
    }

    /// <summary>Looked at after reading: files that go with the session would look like damage.</summary>
    private void ThrowIfGone(Session session)
    {
        if (session.Log.Gone is var gone and not EndReason.None)
        {
            throw Errors.Gone(session.Id, gone, time.GetUtcNow());
        }
    }
}
