using Relay.Contracts;
using Relay.Server.Security;
using Relay.Server.Sessions;
using Relay.Server.Storage;

namespace Relay.Server.Streaming;

/// <summary>A writer's stay at a session, whatever the transport: appends under its lease, and always gives that back. <see cref="WriterAdmission"/> opens it.</summary>
internal sealed class WriterConnection : IAsyncDisposable
{
    private readonly Session _session;
    private readonly PresencePublisher _presence;
    private readonly LogRedaction _redaction;
    private readonly WriterMasks? _masks;
    private readonly WriterPace? _pace;
    private bool _leftInGoodOrder;

    public WriterConnection(Session session, WriterLease lease, PresencePublisher presence, LogRedaction redaction, WriterPace? pace)
    {
        (_session, Lease, _presence, _redaction, _pace) = (session, lease, presence, redaction, pace);
        _masks = redaction.For(session.Log, lease);
    }

    public WriterLease Lease { get; }

    public ISessionLog Log => _session.Log;

    /// <summary>Appends; null for an offset means the end.</summary>
    /// <returns>The length of the output; while the end of the data may be part of a secret, without that.</returns>
    public async ValueTask<long> AppendAsync(OutputType output, long? offset, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        if (_pace is not null)
        {
            _masks?.NoteMoreOnItsWay(output, true);
            await _pace.WaitAsync(data.Length, Lease.Lost);
            _masks?.NoteMoreOnItsWay(output, false);
        }

        var append = _masks?.AppendAsync(output, offset, data, cancellationToken) ?? Log.AppendAsync(Lease, output, offset, data, cancellationToken);
        var length = await append;
        _session.Touch();
        return length;
    }

    /// <summary>Appends messages at the end, each as a record of its own.</summary>
    /// <inheritdoc cref="ISessionLog.AppendMessagesAsync"/>
    public async ValueTask AppendMessagesAsync(OutputType output, ReadOnlyMemory<byte> messages, ReadOnlyMemory<int> ends)
    {
        if (_masks is null && _pace is null)
        {
            await Log.AppendMessagesAsync(Lease, output, messages, ends, CancellationToken.None);
            _session.Touch();
            return;
        }

        for (var (i, begin) = (0, 0); i < ends.Length; begin = ends.Span[i++])
        {
            await AppendAsync(output, null, messages[begin..ends.Span[i]], CancellationToken.None);
        }
    }

    public async ValueTask<long> AppendGapAsync(OutputType output, long offset, long length, CancellationToken cancellationToken)
    {
        var append = _masks?.AppendGapAsync(output, offset, length, cancellationToken) ?? Log.AppendGapAsync(Lease, output, offset, length, cancellationToken);
        var end = await append;
        _session.Touch();
        return end;
    }

    /// <summary>The writer has sent its last byte: what waits because it may be part of a secret is appended.</summary>
    public async Task EndDataAsync()
    {
        if (_masks is not null)
        {
            await _masks.EndAsync();
            _session.Touch();
        }
    }

    /// <summary>Calls <paramref name="action"/> when bytes were appended later than they came.</summary>
    public void OnLateAppend(Action action)
    {
        if (_masks is not null)
        {
            _masks.OnAppended = action;
        }
    }

    /// <summary>Stores the completion and waits until it is durable.</summary>
    public async Task CompleteAsync(int? exitCode, IReadOnlyList<OutputTotal> totals, CancellationToken cancellationToken)
    {
        await EndDataAsync();
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
        try
        {
            await (_masks is null ? Task.CompletedTask : LeaveMasksAsync(_masks));
        }
        finally
        {
            await Log.ReleaseAsync(Lease, _leftInGoodOrder);
        }

        _session.Touch();
        if (held && Log.Snapshot() is { Completion: null, Gone: EndReason.None })
        {
            foreach (var output in Lease.Outputs)
            {
                _presence.Publish(_leftInGoodOrder ? PresenceKind.WriterClosed : PresenceKind.WriterLost, Log, output);
            }
        }
    }

    /// <summary>A run sends again what is held, if it was not told that it ended well; nobody else would.</summary>
    private async Task LeaveMasksAsync(WriterMasks masks)
    {
        try
        {
            if (Lease.IsAnonymous)
            {
                await masks.EndAsync();
            }
        }
        catch (RelayException)
        {
            // The lease or the session is gone, and so is the place for these bytes.
        }

        await masks.DisposeAsync();
        _redaction.Report(_session.Id, masks);
    }

    private void PublishEnd(Completion completion)
    {
        foreach (var output in OutputTypes.All)
        {
            _presence.Publish(PresenceKind.OutputEnded, Log, output);
        }

        _presence.Publish(PresenceKind.SessionCompleted, Log, exitCode: completion.ExitCode);
    }
}
