using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Relay.Contracts;
using Relay.Server.Sessions;
using Relay.Server.Storage;

namespace Relay.Server.Streaming;

/// <summary>Sends an output as a response body. A body that is not whole is aborted, never ended.</summary>
internal sealed class HttpLogReader(IOptions<StreamingOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
{
    public const string ContentType = "application/octet-stream";

    public static void ShowLength(HttpContext context, Session session, OutputType output)
    {
        var length = session.Log.Snapshot()[output].Length;
        SetHeaders(context.Response, length);
        context.Response.ContentLength = length;
    }

    public async Task RunAsync(HttpContext context, Session session, OutputType output)
    {
        var (request, response) = (context.Request, context.Response);
        var length = session.Log.Snapshot()[output].Length;
        SetHeaders(response, length);
        var follow = LogRequests.Flag(request, "follow", absent: false);
        var from = LogRequests.From(request, output);
        var to = follow ? long.MaxValue : length;
        if (!follow && RangeOf(context, output, length) is { } range)
        {
            (from, to) = (new ReadFrom.Offset(output, range.From), range.To);
            response.StatusCode = StatusCodes.Status206PartialContent;
            response.Headers.ContentRange = $"bytes {range.From}-{range.To - 1}/{length}";
        }

        using var pump = new ReaderPump(session, new ReaderWish([output], from, follow, EndWhenLost: true), options.Value, options.Value.SmallBatchBytes, time, lifetime.ApplicationStopping);
        if (!follow && from is ReadFrom.Offset { Position: var begin })
        {
            response.ContentLength = Math.Max(0, to - begin);
        }

        try
        {
            await SendAsync(context, session, pump, to);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw Errors.Stopping();
        }
    }

    private async Task SendAsync(HttpContext context, Session session, ReaderPump pump, long to)
    {
        // A client that takes nothing may stay, but not keep the server from stopping.
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var response = context.Response;
        while (true)
        {
            var next = pump.NextAsync(context.RequestAborted);
            if (!next.IsCompleted)
            {
                await response.StartAsync(context.RequestAborted);
                await response.BodyWriter.FlushAsync(context.RequestAborted); // Nothing there yet: let the client see that it is connected.
            }

            foreach (var entry in (await next)?.Entries ?? [])
            {
                switch (entry.Kind)
                {
                    case LogEntryKind.Data when entry.Offset >= to:
                        return;
                    case LogEntryKind.Data:
                        await context.SendAsync(session, entry.Data[..(int)Math.Min(entry.Data.Length, to - entry.Offset)], time, over.Token);
                        if (entry.Offset + entry.Data.Length >= to)
                        {
                            return;
                        }

                        break;
                    case LogEntryKind.Gap when entry.Offset >= to:
                        return;
                    case LogEntryKind.End when entry.End is not (EndReason.Deleted or EndReason.Expired):
                        return;
                    case LogEntryKind.End:
                        Break(context, Errors.Gone(session.Id, entry.End, time.GetUtcNow()));
                        return;
                    default:
                        Break(context, Errors.Missing(entry));
                        return;
                }
            }
        }
    }

    /// <summary>The body cannot go on: a problem document if it has not begun, else a broken connection.</summary>
    private static void Break(HttpContext context, RelayException reason)
    {
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }

        context.Response.ContentLength = null;
        context.Response.Headers.Remove(HeaderNames.ContentRange);
        throw reason;
    }

    private static (long From, long To)? RangeOf(HttpContext context, OutputType output, long length)
    {
        try
        {
            return LogRequests.Range(context.Request, output, length);
        }
        catch (RelayException)
        {
            context.Response.Headers.ContentRange = $"bytes */{length}";
            throw;
        }
    }

    private static void SetHeaders(HttpResponse response, long length)
    {
        response.ContentType = ContentType;
        response.Headers.AcceptRanges = "bytes";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no"; // nginx would hold a live stream back.
        response.Headers[LogEndpoints.NextOffsetHeader] = length.ToString();
    }
}
