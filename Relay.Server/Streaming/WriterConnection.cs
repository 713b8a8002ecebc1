using Relay.Contracts;
using Relay.Server.Sessions;
using Relay.Server.Storage;

namespace Relay.Server.Streaming;

/// <summary>A writer's stay at a session, whatever the transport: takes the lease, appends under it, and always gives it back.</summary>
internal sealed class WriterConnection : IAsyncDisposable
{
    private readonly Session _session;
    private readonly PresencePublisher _presence;
    private bool _leftInGoodOrder;

    private WriterConnection(Session session, WriterLease lease, PresencePublisher presence) => (_session, Lease, _presence) = (session, lease, presence);

    public WriterLease Lease { get; }

    public ISessionLog Log => _session.Log;

    /// <summary>Takes the lease.</summary>
    /// <exception cref="RelayException">It is refused.</exception>
    public static async Task<WriterConnection> OpenAsync(Session session, LeaseRequest request, PresencePublisher presence, CancellationToken cancellationToken)
    {
        var lease = await session.Log.AcquireAsync(request, cancellationToken);
        session.Touch();
        if (session.Log.Snapshot().Completion is null)
        {
            foreach (var output in lease.Outputs)
            {
                presence.Publish(PresenceKind.WriterConnected, session.Id, output);
            }
        }

        return new WriterConnection(session, lease, presence);
    }

    /// <summary>Appends; null for an offset means the end.</summary>
    /// <returns>The length of the output.</returns>
    public async ValueTask<long> AppendAsync(OutputType output, long? offset, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        var length = await Log.AppendAsync(Lease, output, offset, data, cancellationToken);
        _session.Touch();
        return length;
    }

    public async ValueTask<long> AppendGapAsync(OutputType output, long offset, long length, CancellationToken cancellationToken)
    {
        var end = await Log.AppendGapAsync(Lease, output, offset, length, cancellationToken);
        _session.Touch();
        return end;
    }

    /// <summary>Stores the completion and waits until it is durable.</summary>
    public async Task CompleteAsync(int? exitCode, IReadOnlyList<OutputTotal> totals, CancellationToken cancellationToken)
    {
        var isNews = Log.Snapshot().Completion is null;
        var completion = await Log.CompleteAsync(Lease, exitCode, totals, cancellationToken);
        _leftInGoodOrder = true;
        if (isNews)
        {
            PublishEnd(completion); // Before the sync: a writer that is cut off now comes back, but the completion is no news then.
        }

        await Log.FlushAsync(cancellationToken);
    }

    /// <summary>The writer says goodbye without completing.</summary>
    public void LeaveInGoodOrder() => _leftInGoodOrder = true;

    /// <summary>Where the leased outputs stand now.</summary>
    public IReadOnlyList<OutputProgress> Progress()
    {
        var snapshot = Log.Snapshot();
        return
        [
            .. Lease.Start.Select(start => start with
            {
                WrittenTo = snapshot[start.Output].Length,
                DurableTo = snapshot[start.Output].DurableTo,
                Stored = start.Stored + snapshot[start.Output].Length - start.WrittenTo,
                Verdict = snapshot[start.Output].Verdict,
            }),
        ];
    }

    public async ValueTask DisposeAsync()
    {
        var held = Lease.LossReason is null;
        await Log.ReleaseAsync(Lease, _leftInGoodOrder);
        _session.Touch();
        if (held && Log.Snapshot() is { Completion: null, Gone: EndReason.None })
        {
            foreach (var output in Lease.Outputs)
            {
                _presence.Publish(_leftInGoodOrder ? PresenceKind.WriterClosed : PresenceKind.WriterLost, _session.Id, output);
            }
        }
    }

    private void PublishEnd(Completion completion)
    {
        foreach (var output in OutputTypes.All)
        {
            _presence.Publish(PresenceKind.OutputEnded, _session.Id, output);
        }

        _presence.Publish(PresenceKind.SessionCompleted, _session.Id, exitCode: completion.ExitCode);
    }
}
