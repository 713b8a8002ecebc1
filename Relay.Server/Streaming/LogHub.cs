using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;
using Relay.Contracts;
using Relay.Server.Security;
using Relay.Server.Sessions;
using Relay.Server.Storage;

namespace Relay.Server.Streaming;

/// <summary>The heart of the relay: writers upload, readers follow. See docs/protocol.md, section 6.</summary>
internal sealed class LogHub(
    SessionRegistry registry, WriterAdmission writers, IOptions<StreamingOptions> options, TimeProvider time, IHostApplicationLifetime lifetime,
    ILogger<LogHub> logger)
    : Hub
{
    /// <summary>Most presence groups a connection may be in: each costs memory, whether its session exists or not.</summary>
    private const int MaxWatchedGroups = 3000;

    /// <summary>The groups of this connection. Plain invocations of a connection come one after the other, so the set needs no lock.</summary>
    private HashSet<string> Watched
    {
        get
        {
            if (!Context.Items.TryGetValue(typeof(PresencePublisher), out var groups))
            {
                Context.Items[typeof(PresencePublisher)] = groups = new HashSet<string>(StringComparer.Ordinal);
            }

            return (HashSet<string>)groups!;
        }
    }

    /// <summary>Takes a run's upload; answers with the grant, then with acks.</summary>
    [Needs(Right.Write)]
    public IAsyncEnumerable<WriteAck> Write(WriteRequest request, ChannelReader<WriteItem> items, CancellationToken cancellationToken) =>
        WriteCore(request, items, cancellationToken).TranslateErrors(logger, HubRoutes.Write, cancellationToken);

    /// <summary>Sends a session's log as fast as the connection takes it.</summary>
    [Needs(Right.Read)]
    public IAsyncEnumerable<LogBatch> Read(ReadRequest request, CancellationToken cancellationToken) =>
        ReadCore(request, null, cancellationToken).TranslateErrors(logger, HubRoutes.Read, cancellationToken);

    /// <summary>Sends a session's log batch by batch, as many as were credited.</summary>
    [Needs(Right.Read)]
    public IAsyncEnumerable<LogBatch> ReadPaced(ReadRequest request, ChannelReader<int> credits, CancellationToken cancellationToken) =>
        ReadCore(request, credits, cancellationToken).TranslateErrors(logger, HubRoutes.ReadPaced, cancellationToken);

    /// <summary>Joins the presence groups of a session.</summary>
    [Needs(Right.Read)]
    public async Task Watch(WatchRequest request)
    {
        foreach (var group in GroupsOf(request))
        {
            if (Watched.Add(group) && Watched.Count > MaxWatchedGroups)
            {
                Watched.Remove(group);
                throw new HubException(HubRequests.Invalid($"A connection may watch at most {MaxWatchedGroups} outputs and sessions. Unwatch some, or use another connection.").ToWire());
            }

            await Groups.AddToGroupAsync(Context.ConnectionId, group, Context.ConnectionAborted);
        }
    }

    /// <summary>Leaves the presence groups of a session.</summary>
    [Needs(Right.Read)]
    public async Task Unwatch(WatchRequest request)
    {
        foreach (var group in GroupsOf(request))
        {
            Watched.Remove(group);
            await Groups.RemoveFromGroupAsync(Context.ConnectionId, group, Context.ConnectionAborted);
        }
    }

    private IEnumerable<string> GroupsOf(WatchRequest request)
    {
        try
        {
            var outputs = HubRequests.ToOutputs(NotNull(request));
            return PresencePublisher.GroupsOf(request.Session, outputs);
        }
        catch (RelayException e)
        {
            throw HubErrors.ToHubException(e, logger, HubRoutes.Watch);
        }
    }

    private async IAsyncEnumerable<WriteAck> WriteCore(
        WriteRequest request, ChannelReader<WriteItem> items, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var writer = await OpenWriterAsync(request, items, cancellationToken);
        var log = writer.Log;
        var last = writer.Lease.Start;
        yield return new WriteAck
        {
            Kind = WriteAckKind.Grant,
            Outputs = last,
            Incarnation = writer.Lease.Incarnation,
            FencingNumber = writer.Lease.FencingNumber,
            Window = options.Value.WriteWindowItems,
        };

        using var interrupted = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping, writer.Lease.Lost);
        var upload = new WriterUpload(writer, items, options.Value.MaxItemBytes);
        var run = upload.RunAsync(interrupted.Token);
        var interruption = Task.Delay(Timeout.InfiniteTimeSpan, time, interrupted.Token);
        while (true)
        {
            var (uploaded, flushed) = (upload.Changed.Version, log.Flushed.Version);
            var end = upload.End;
            var progress = writer.Progress();
            ThrowIfInterrupted(writer.Lease, upload, cancellationToken); // After it: what was seen while the lease held is this writer's.
            if (end == UploadEnd.Completed)
            {
                yield return new WriteAck { Kind = WriteAckKind.Completed, Outputs = progress };
                yield break;
            }

            if (!progress.SequenceEqual(last))
            {
                last = progress;
                yield return new WriteAck { Kind = WriteAckKind.Progress, Outputs = progress };
                continue;
            }

            if (end == UploadEnd.Closed)
            {
                writer.LeaveInGoodOrder();
                yield break;
            }

            if (end == UploadEnd.Lost)
            {
                yield break;
            }

            await Task.WhenAny(upload.Changed.WaitAsync(uploaded), log.Flushed.WaitAsync(flushed), run, interruption);
        }
    }

    private async Task<WriterConnection> OpenWriterAsync(WriteRequest request, ChannelReader<WriteItem> items, CancellationToken cancellationToken)
    {
        try
        {
            var lease = HubRequests.ToLease(NotNull(request));
            var session = await registry.GetAsync(request.Session, cancellationToken);
            return await writers.OpenAsync(session, lease, cancellationToken);
        }
        catch
        {
            _ = WriterUpload.DrainAsync(items);
            throw;
        }
    }

    private async IAsyncEnumerable<LogBatch> ReadCore(
        ReadRequest request, ChannelReader<int>? credits, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var wish = HubRequests.ToWish(NotNull(request));
        var session = await registry.GetAsync(request.Session, cancellationToken);
        using var pump = new ReaderPump(session, wish, options.Value, time, lifetime.ApplicationStopping);
        var pace = credits is null ? null : new ReaderPace(credits, pump, time, lifetime.ApplicationStopping);
        while (pace is null || await pace.SpendAsync(cancellationToken))
        {
            if (await pump.NextAsync(cancellationToken) is not { } batch)
            {
                yield break;
            }

            yield return batch;
        }
    }

    private void ThrowIfInterrupted(WriterLease lease, WriterUpload upload, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (lease.LossReason is { } loss)
        {
            throw loss;
        }

        if (upload.Failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        if (lifetime.ApplicationStopping.IsCancellationRequested && upload.End != UploadEnd.Completed)
        {
            throw Errors.Stopping();
        }
    }

    private static T NotNull<T>(T? request)
        where T : class =>
        request ?? throw new RelayException(RelayErrorCode.InvalidRequest, $"The request is missing: send a {typeof(T).Name}.");
}
