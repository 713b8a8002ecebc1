using System.Runtime.CompilerServices;
using Relay.Client.Connections;
using Relay.Contracts;

namespace Relay.Client.Reading;

/// <summary>Reads a log over as many connections as it takes.</summary>
internal sealed class LogReader : IAsyncDisposable
{
    private readonly HubDialer _dialer;
    private readonly ReadResume _resume;
    private readonly RetryBackoff _backoff;
    private readonly FirstConnect _firstConnect;
    private HubLink? _link;
    private BatchStream? _stream;
    private SessionWait? _wait;
    private bool _noSession;

    private LogReader(HubDialer dialer, ReadResume resume)
    {
        _dialer = dialer;
        _resume = resume;
        _backoff = new RetryBackoff(dialer.Options);
        _firstConnect = new FirstConnect(dialer.Options.TimeProvider, resume.Options.FirstConnectTimeout);
    }

    public static async IAsyncEnumerable<LogBatch> Batches(
        HubDialer dialer, ReadResume resume, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = new LogReader(dialer, resume);
        await using var _ = reader.ConfigureAwait(false);
        while (true)
        {
            var batch = await reader.NextAsync(cancellationToken).ConfigureAwait(false);
            yield return batch;
            reader.Consumed(batch);
            if (batch.Entries is [.., { Kind: LogEntryKind.End }])
            {
                yield break;
            }
        }
    }

    public static async IAsyncEnumerable<LogEntry> Entries(
        IAsyncEnumerable<LogBatch> batches, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var batch in batches.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            foreach (var entry in batch.Entries)
            {
                yield return entry;
            }
        }
    }

    public async ValueTask DisposeAsync() => await HangUpAsync().ConfigureAwait(false);

    private void Consumed(LogBatch batch)
    {
        _resume.Consumed(batch);
        _stream?.Credit(batch);
    }

    private async Task<LogBatch> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            RelayException failure;
            try
            {
                _link ??= await ConnectAsync(cancellationToken).ConfigureAwait(false);
                if (_noSession)
                {
                    await WaitForSessionAsync(_link, cancellationToken).ConfigureAwait(false);
                }

                _stream ??= new BatchStream(_link, _resume.NextRequest());
                if (await _stream.NextAsync(cancellationToken).ConfigureAwait(false) is { } batch)
                {
                    _backoff.Reset();
                    if (_noSession)
                    {
                        _noSession = false;
                        Report(new ConnectionChange(ConnectionState.Connected));
                    }

                    return batch;
                }

                failure = RelayException.Create(RelayErrorCode.ConnectionLost, "The relay ended the read without saying why.");
            }
            catch (Exception e)
            {
                cancellationToken.ThrowIfCancellationRequested();
                failure = HubFailures.ToRelay(e);
            }

            await RecoverAsync(failure, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<HubLink> ConnectAsync(CancellationToken cancellationToken)
    {
        var link = await _dialer.DialAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _firstConnect.Succeeded();
            if (_resume.Options.OnPresence is { } onPresence)
            {
                await link.WatchAsync(_resume.Session, onPresence, cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            await link.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        Report(new ConnectionChange(ConnectionState.Connected));
        return link;
    }

    /// <summary>Makes the next attempt possible, or throws what no further attempt can change.</summary>
    private async Task RecoverAsync(RelayException failure, CancellationToken cancellationToken)
    {
        if (_link is not null && _resume.MayWait && SessionWait.IsFor(failure))
        {
            await StopStreamAsync().ConfigureAwait(false);
            _noSession = true;
            return;
        }

        await HangUpAsync().ConfigureAwait(false);
        if (!failure.IsRetryable || _firstConnect.IsOver)
        {
            throw failure;
        }

        var delay = _backoff.Next(failure);
        Report(new ConnectionChange(ConnectionState.Disconnected, failure, delay));
        await Task.Delay(delay, _dialer.Options.TimeProvider, cancellationToken).ConfigureAwait(false);
    }

    private async Task WaitForSessionAsync(HubLink link, CancellationToken cancellationToken)
    {
        if (_wait is not null)
        {
            await _wait.WaitAsync(_backoff.Next(), _dialer.Options.TimeProvider, cancellationToken).ConfigureAwait(false);
            return;
        }

        Report(new ConnectionChange(ConnectionState.WaitingForSession));
        _wait = await SessionWait.BeginAsync(link, _resume.Session, cancellationToken).ConfigureAwait(false);
        // The session may have come before the watch began: ask once more at once.
    }

    private async Task StopStreamAsync()
    {
        if (Interlocked.Exchange(ref _stream, null) is { } stream)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task HangUpAsync()
    {
        _wait = null;
        await StopStreamAsync().ConfigureAwait(false);
        if (Interlocked.Exchange(ref _link, null) is { } link)
        {
            await link.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void Report(ConnectionChange change) => _dialer.Report(_resume.Options.OnConnectionChange, change);
}
