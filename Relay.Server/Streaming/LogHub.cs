using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;
using Relay.Contracts;
using Relay.Server.Lines;
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

    private int BatchBytes =>
        Context.Features.Get<ITransferFormatFeature>() is HubSocket { SendsLargeMessagesWell: true } ? options.Value.BatchBytes : options.Value.SmallBatchBytes;

    /// <summary>What this connection watches, and the group of each. Plain invocations of a connection come one after the other, so it needs no lock.</summary>
    private Dictionary<(string Session, OutputType Output), string> Watched
    {
        get
        {
            if (!Context.Items.TryGetValue(typeof(PresencePublisher), out var watched))
            {
                Context.Items[typeof(PresencePublisher)] = watched = new Dictionary<(string Session, OutputType Output), string>();
            }

            return (Dictionary<(string Session, OutputType Output), string>)watched!;
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

    /// <summary>Some lines from anywhere in a log.</summary>
    [Needs(Right.Read)]
    public async Task<LinePage> ReadLines(LinesRequest request)
    {
        try
        {
            var outputs = HubRequests.ToOutputs(NotNull(request));
            var session = await registry.GetAsync(request.Session, Caller.Of(Context.User), Context.ConnectionAborted);
            session.Touch();
            return LinePages.Read(session.Log, request, outputs);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw HubErrors.ToHubException(e, logger, HubRoutes.ReadLines);
        }
    }

    /// <summary>Searches a log.</summary>
    [Needs(Right.Read)]
    public IAsyncEnumerable<SearchBatch> Search(SearchRequest request, LogSearches searches, CancellationToken cancellationToken) =>
        SearchCore(request, searches, cancellationToken).TranslateErrors(logger, HubRoutes.Search, cancellationToken);

    /// <summary>Tells of every session, then of what changes.</summary>
    [Needs(Right.Admin)]
    public IAsyncEnumerable<SessionsBatch> Sessions(SessionsRequest request, SessionsWatch watch, CancellationToken cancellationToken) =>
        SessionsCore(request, watch, cancellationToken).TranslateErrors(logger, HubRoutes.Sessions, cancellationToken);

    /// <summary>Joins the presence groups of a session.</summary>
    [Needs(Right.Read)]
    public async Task Watch(WatchRequest request)
    {
        foreach (var (output, group) in await GroupsOf(request))
        {
            if (!Watched.TryAdd((request.Session, output), group))
            {
                continue;
            }

            if (Watched.Count > MaxWatchedGroups)
            {
                Watched.Remove((request.Session, output));
                throw new HubException(HubRequests.Invalid($"A connection may watch at most {MaxWatchedGroups} outputs and sessions. Unwatch some, or use another connection.").ToWire());
            }

            await Groups.AddToGroupAsync(Context.ConnectionId, group, Context.ConnectionAborted);
        }
    }

    /// <summary>Leaves the presence groups of a session. It may be gone by then, and with it the right to watch it.</summary>
    [Needs(Right.Connect)]
    public async Task Unwatch(WatchRequest request)
    {
        foreach (var output in OutputsOf(request))
        {
            if (Watched.Remove((request.Session, output), out var group))
            {
                await Groups.RemoveFromGroupAsync(Context.ConnectionId, group, Context.ConnectionAborted);
            }
        }
    }

    /// <summary>A token is for one incarnation; who needs none watches an id, also before there is a session.</summary>
    private async Task<IReadOnlyList<(OutputType Output, string Group)>> GroupsOf(WatchRequest request)
    {
        var outputs = OutputsOf(request);
        if (Caller.Of(Context.User) is not { Token: not null } caller)
        {
            return [.. outputs.Select(output => (output, PresencePublisher.GroupOf(request.Session, output)))];
        }

        try
        {
            var session = await registry.GetAsync(request.Session, caller, Context.ConnectionAborted);
            return [.. outputs.Select(output => (output, PresencePublisher.GroupOf(session.Log.Incarnation, output)))];
        }
        catch (RelayException e)
        {
            throw HubErrors.ToHubException(e, logger, HubRoutes.Watch);
        }
    }

    /// <summary>The outputs that are meant, and the session as a whole.</summary>
    private IReadOnlyList<OutputType> OutputsOf(WatchRequest request)
    {
        try
        {
            return [OutputType.None, .. HubRequests.ToOutputs(NotNull(request))];
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
        var upload = new WriterUpload(writer, items, options.Value, time);
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
            var session = await registry.GetAsync(request.Session, Caller.Of(Context.User), cancellationToken);
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
        var session = await registry.GetAsync(request.Session, Caller.Of(Context.User), cancellationToken);
        using var pump = new ReaderPump(session, wish, options.Value, BatchBytes, time, lifetime.ApplicationStopping);
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

    private async IAsyncEnumerable<SearchBatch> SearchCore(SearchRequest request, LogSearches searches, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var session = await registry.GetAsync(NotNull(request).Session, Caller.Of(Context.User), cancellationToken);
        await foreach (var batch in searches.Search(session, request, cancellationToken))
        {
            yield return batch;
        }
    }

    private static IAsyncEnumerable<SessionsBatch> SessionsCore(SessionsRequest request, SessionsWatch watch, CancellationToken cancellationToken)
    {
        HubRequests.Check(NotNull(request));
        return watch.RunAsync(cancellationToken);
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
