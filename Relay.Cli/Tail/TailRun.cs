using System.Collections.Concurrent;
using Relay.Cli.Tail.Reading;
using Relay.Client;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli.Tail;

/// <summary>One run of <c>relay tail</c>: sessions in; bytes, lines, messages and an exit code out.</summary>
internal sealed class TailRun
{
    private static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan MeasureEvery = TimeSpan.FromSeconds(2);

    private readonly StandardStreams _streams;
    private readonly TailRelay _relay;
    private readonly TailOptions _options;
    private readonly TerminalUse _use;
    private readonly TailSinks _sinks;
    private readonly TailStatus _status;
    private readonly TailView _view;
    private readonly TailOutcome _outcome = new();
    private readonly ConcurrentDictionary<TailedSession, TailMessages> _messages = new();
    private string? _cursor;
    private IOException? _cannotWrite;

    public TailRun(StandardStreams streams, TailRelay relay, TailOptions options)
    {
        (_streams, _relay, _options) = (streams, relay, options);
        _use = new TerminalUse(options, streams, relay.Environment);
        _sinks = new TailSinks(options, _use, streams);
        _status = new TailStatus(relay.Time, options.Read.Follow) { IsShown = _use.HasStatus };
        _view = new TailView(_sinks, _status, OnMark, relay.Time);
    }

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var exitCode = await ReadAsync(stop);
        return _cannotWrite is { } failure ? CannotWrite(failure) : exitCode;
    }

    private async Task<int> ReadAsync(CancellationTokenSource stop)
    {
        var measuring = MeasureAsync(stop.Token);
        var tickEvery = _sinks.NeedTicks ? TickEvery : Timeout.InfiniteTimeSpan;
        await using var ticks = _relay.Time.CreateTimer(_ => Guard(_view.Tick, stop), null, tickEvery, tickEvery);
        try
        {
            var reads = new SessionReads(_relay, _options, For, Meet);
            await foreach (var batch in reads.ReadAsync(stop.Token))
            {
                _view.Show(batch);
                _cursor = batch.Cursor ?? _cursor;
                if (batch.Failure is { } failure)
                {
                    _outcome.OnFailure(failure);
                    _messages[batch.Session].Failed(failure);
                }
            }

            return Close(_outcome.ExitCode);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Close(ExitCode.Interrupted);
            SayHowToGoOn();
            return ExitCode.Interrupted;
        }
        catch (RelayException failure)
        {
            _outcome.OnFailure(failure);
            Close(0);
            _view.Say(failure.Message);
            return _outcome.ExitCode;
        }
        catch (IOException failure)
        {
            _cannotWrite ??= failure;
            return ExitCode.BytesMissing;
        }
        finally
        {
            await stop.CancelAsync();
            await measuring.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private int Close(int exitCode)
    {
        try
        {
            _view.Close();
        }
        catch (IOException failure)
        {
            _cannotWrite ??= failure;
        }

        return exitCode;
    }

    private int CannotWrite(IOException failure)
    {
        if (failure is BrokenPipeException)
        {
            return ExitCode.BrokenPipe;
        }

        _streams.Say("relay", $"cannot write the log: {failure.Message}");
        return ExitCode.BytesMissing;
    }

    private void SayHowToGoOn()
    {
        if (_use.HasStatus && _options.IsSingle && _cursor is { Length: > 0 })
        {
            _streams.Say("relay", $"--from {_cursor} goes on from here");
        }
    }

    private void Meet(TailedSession session)
    {
        _messages[session] = new TailMessages(_view.Say, _streams.ErrorIsTerminal && !_use.HasStatus, _options.IsSingle ? null : session.Name);
        _sinks.Meet(session);
        _status.Meet(session);
    }

    private ReadOptions For(TailedSession session, ReadOptions read) => read with
    {
        OnConnectionChange = change =>
        {
            _status.OnConnectionChange(session, change);
            _messages[session].OnConnectionChange(change);
        },
        OnPresence = !_streams.ErrorIsTerminal ? null : happened =>
        {
            _status.OnPresence(happened);
            _messages[session].OnPresence(happened);
        },
    };

    private void OnMark(TailedSession session, LogEntry mark)
    {
        _outcome.OnMark(mark);
        _messages[session].OnMark(mark);
    }

    /// <summary>Asks now and then how much more the relay has than was shown.</summary>
    private async Task MeasureAsync(CancellationToken cancellationToken)
    {
        if (!_use.HasStatus || !_options.IsSingle)
        {
            return;
        }

        var outputs = _options.Read.Outputs is { Count: > 0 } some ? some : OutputTypes.All;
        using var timer = new PeriodicTimer(MeasureEvery, _relay.Time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                if (await _relay.Find(_options.Relay, _options.Sessions[0].Text, cancellationToken) is { } session)
                {
                    _status.Measured(session, outputs);
                }
            }
            catch (RelayException)
            {
                // The read itself tells what is wrong.
            }
        }
    }

    /// <summary>What fails on a timer's thread ends the run, as it would on the run's own.</summary>
    private void Guard(Action action, CancellationTokenSource stop)
    {
        try
        {
            action();
        }
        catch (IOException failure)
        {
            _cannotWrite ??= failure;
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The run has just ended.
        }
    }
}
