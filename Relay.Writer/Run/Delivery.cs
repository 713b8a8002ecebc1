using Relay.Client;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Writer.Run;

/// <summary>The way to the relay, as the job sees it: it may be slow, but it never fails. What goes wrong is said in one line.</summary>
internal sealed class Delivery : IAsyncDisposable
{
    private readonly StandardStreams _streams;
    private readonly RunOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _giveUp = new();
    private readonly LogWriter _writer;
    private readonly long[] _seen = new long[OutputTypes.All.Max(output => (int)output) + 1];
    private long _sinceExit;
    private volatile bool _wasConnected;

    public Delivery(RelayClient client, RunOptions options, StandardStreams streams, TimeProvider time)
    {
        (_options, _streams, _time) = (options, streams, time);
        _writer = client.OpenWriter(options.Session, new WriterOptions
        {
            Labels = options.Labels,
            OnConnectionChange = OnConnectionChange,
            CloseTimeout = TimeSpan.Zero,
        });
    }

    /// <summary>Takes the bytes, waiting while the replay buffer is full; after a final refusal or <see cref="GiveUp"/> drops them.</summary>
    public async ValueTask SendAsync(OutputType output, ReadOnlyMemory<byte> bytes)
    {
        _seen[(int)output] += bytes.Length;
        try
        {
            if (_writer.Fault is null && !_giveUp.IsCancellationRequested)
            {
                await _writer.WriteAsync(output, bytes, _giveUp.Token);
            }
        }
        catch (Exception failure) when (failure is RelayException or OperationCanceledException)
        {
            // Said by OnConnectionChange or CompleteAsync.
        }
    }

    /// <summary>Starts the clock of <see cref="RunOptions.FlushTimeout"/>.</summary>
    public void GiveUpAfter(TimeSpan timeout)
    {
        _sinceExit = _time.GetTimestamp();
        _giveUp.CancelAfter(timeout);
    }

    /// <summary>Waits no longer for the relay.</summary>
    public void GiveUp() => _giveUp.Cancel();

    /// <summary>Reports the exit code behind the last byte, and says what could not be delivered.</summary>
    public async Task CompleteAsync(int exitCode)
    {
        try
        {
            _giveUp.Token.ThrowIfCancellationRequested();
            var report = await _writer.CompleteAsync(exitCode, _giveUp.Token);
            foreach (var output in report.Outputs.Where(output => output.Verdict == Verdict.Mismatch))
            {
                Say($"the relay's copy of {output.Output.ToName()} differs from what was written");
            }
        }
        catch (OperationCanceledException)
        {
            SayWhatIsMissing();
        }
        catch (RelayException)
        {
            // Said by OnConnectionChange.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        _giveUp.Dispose();
    }

    private void SayWhatIsMissing()
    {
        var missing = OutputTypes.All.Select(output => (Output: output, Bytes: _seen[(int)output] - _writer.Progress(output).Stored)).ToList();
        var bytes = string.Join(" and ", missing.Where(lost => lost.Bytes > 0).Select(lost => $"{lost.Bytes} bytes of {lost.Output.ToName()}"));
        var waited = _time.GetElapsedTime(_sinceExit).TotalSeconds;
        Say(!_wasConnected ? $"{_options.Url.OriginalString} could not be reached within {waited:0.#} s{(bytes.Length > 0 ? $"; {bytes} are not delivered" : "")}"
            : bytes.Length > 0 ? $"{bytes} could not be delivered to {_options.Url.OriginalString} within {waited:0.#} s"
            : $"{_options.Url.OriginalString} has all bytes but did not confirm the end within {waited:0.#} s");
    }

    private void OnConnectionChange(ConnectionChange change)
    {
        _wasConnected |= change.State == ConnectionState.Connected;
        if (change is { State: ConnectionState.Faulted, Reason: { } refusal })
        {
            Say($"the relay refused the log, the command runs on without it: {refusal.Message}");
        }
    }

    private void Say(string message) => _streams.Say(WriterCommandLine.Tool, message);
}
