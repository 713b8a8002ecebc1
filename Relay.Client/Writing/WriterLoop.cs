using Relay.Client.Connections;
using Relay.Client.Sessions;
using Relay.Contracts;

namespace Relay.Client.Writing;

/// <summary>Keeps a run connected until it is completed, closed or refused for good.</summary>
internal sealed class WriterLoop
{
    private readonly HubDialer _dialer;
    private readonly SessionApi _sessions;
    private readonly WriterOptions _options;
    private readonly WriterRun _run;
    private readonly RetryBackoff _backoff;
    private readonly LeasePatience _patience;
    private WriteRequest _request;

    public WriterLoop(HubDialer dialer, SessionApi sessions, string session, string runId, WriterOptions options, WriterRun run)
    {
        _dialer = dialer;
        _sessions = sessions;
        _options = options;
        _run = run;
        _backoff = new RetryBackoff(dialer.Options);
        // With a spool there is nothing to lose by waiting.
        _patience = new LeasePatience(dialer.Options.TimeProvider, options.Spool is null ? options.LeaseWait : TimeSpan.MaxValue);
        _request = new WriteRequest
        {
            Session = session,
            RunId = runId,
            Outputs = options.Outputs,
            Incarnation = run.Facts.Incarnation,
        };
    }

    /// <summary>Ends when there is nothing left to do. Never throws: what is final becomes the run's fault.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            await Task.WhenAny(_options.ConnectAfter).WaitAsync(stop).ConfigureAwait(false);
            while (await AttemptAsync(stop).ConfigureAwait(false) is { } failure)
            {
                if (_patience.IsFinal(failure))
                {
                    _run.Fail(failure);
                    _dialer.Report(_options.OnConnectionChange, new ConnectionChange(ConnectionState.Faulted, failure));
                    return;
                }

                var delay = _backoff.Next(failure);
                _dialer.Report(_options.OnConnectionChange, new ConnectionChange(ConnectionState.Disconnected, failure, delay));
                await Task.Delay(delay, _dialer.Options.TimeProvider, stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped by the owner.
        }
    }

    /// <returns><c>null</c> when the run is over, otherwise why this attempt ended.</returns>
    private async Task<RelayException?> AttemptAsync(CancellationToken stop)
    {
        try
        {
            await EnsureSessionAsync(stop).ConfigureAwait(false);
            var link = await _dialer.DialAsync(stop).ConfigureAwait(false);
            await using var _ = link.ConfigureAwait(false);
            // Stored before it is used: the relay fences an attempt that it has seen.
            _request = _request with { Attempt = _run.Note(facts => facts with { Attempt = facts.Attempt + 1 }).Attempt };
            await WriteAttempt.RunAsync(link, _request, _run, OnGranted, stop).ConfigureAwait(false);
            return _run.IsOver ? null : RelayException.Create(RelayErrorCode.ConnectionLost, "The relay ended the upload without saying why.");
        }
        catch (Exception e)
        {
            stop.ThrowIfCancellationRequested();
            return HubFailures.ToRelay(e);
        }
    }

    /// <summary>Once in the life of a run: a later call could bring back a session that was deleted.</summary>
    private async Task EnsureSessionAsync(CancellationToken stop)
    {
        if (_run.Facts.IsCreated)
        {
            return;
        }

        if (_options.ReplaceSession)
        {
            await _sessions.DeleteIfExistsAsync(_request.Session, stop).ConfigureAwait(false);
        }

        if (_options.CreateSession || _options.ReplaceSession)
        {
            await _sessions.EnsureAsync(_request.Session, _options.Labels, stop).ConfigureAwait(false);
        }

        _run.Note(facts => facts with { IsCreated = true });
    }

    private void OnGranted(WriteAck grant)
    {
        _run.Note(facts => facts with { Incarnation = grant.Incarnation, Refusal = null });
        _request = _request with { Incarnation = grant.Incarnation };
        _backoff.Reset();
        _patience.Granted();
        _dialer.Report(_options.OnConnectionChange, new ConnectionChange(ConnectionState.Connected));
    }
}
