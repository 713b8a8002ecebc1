using System.Buffers;
using System.Text.Json;
using Relay.Contracts;
using Relay.Server.Sessions;
using Relay.Server.Storage;

namespace Relay.Server.Streaming;

/// <summary>Appends a request body to an output, block by block as it arrives.</summary>
internal sealed class HttpLogWriter(WriterAdmission writers, IHostApplicationLifetime lifetime)
{
    private const string DefaultRun = "http";

    public async Task RunAsync(HttpContext context, Session session, OutputType output)
    {
        var request = context.Request;
        var offset = LogRequests.Number(request, "offset");
        if (offset is { } begin && begin > session.Log.Snapshot()[output].Length)
        {
            throw Errors.BeyondEnd(output, begin, session.Log.Snapshot()[output].Length); // Before the lease: a wrong request disturbs no writer.
        }

        using var interrupted = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        await using var writer = await writers.OpenAsync(session, ToLease(request, output, offset), interrupted.Token);
        try
        {
            await CopyAsync(context, writer, output, offset, interrupted.Token);
            await writer.EndDataAsync();
            var length = session.Log.Snapshot()[output].Length;
            writer.LeaveInGoodOrder();
            await session.Log.FlushAsync(interrupted.Token);
            if (writer.Lease.LossReason is { Code: RelayErrorCode.StorageFailed } failure)
            {
                throw failure; // A sync failed before this one was asked for.
            }

            await context.Response.WriteAsJsonAsync(new WriteAnswer("ok", length), JsonSerializerOptions.Web, context.RequestAborted);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw Errors.Stopping();
        }
        catch (RelayException)
        {
            // The writer is told, so it has not vanished. The rest of the body is not wanted; reading it to its end could take for ever.
            writer.LeaveInGoodOrder();
            context.Response.Headers.Connection = "close";
            throw;
        }
    }

    private static async Task CopyAsync(HttpContext context, WriterConnection writer, OutputType output, long? offset, CancellationToken cancellationToken)
    {
        var body = context.Request.BodyReader;
        using var lost = writer.Lease.Lost.Register(body.CancelPendingRead);
        while (true)
        {
            var read = await body.ReadAsync(cancellationToken);
            try
            {
                if (read.IsCanceled)
                {
                    throw writer.Lease.LossReason ?? Errors.Stopping();
                }

                foreach (var block in read.Buffer)
                {
                    await writer.AppendAsync(output, offset, block, cancellationToken);
                    offset += block.Length;
                }
            }
            finally
            {
                body.AdvanceTo(read.Buffer.End);
            }

            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private static LeaseRequest ToLease(HttpRequest request, OutputType output, long? offset)
    {
        if (offset is null && request.Query.ContainsKey("run"))
        {
            throw LogRequests.Invalid("run needs offset: without it a retry would be stored twice.");
        }

        if (offset is null)
        {
            return new LeaseRequest($"http-{Guid.NewGuid():N}", 1, [output], 0, Anonymous: true);
        }

        var run = request.Query.TryGetValue("run", out var named) ? named.ToString() : DefaultRun;
        HubRequests.CheckRunId(run);
        return new LeaseRequest(run, Attempt: 0, [output], 0);
    }
}
