using Relay.Client;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Writer.Delivering;

/// <summary>The way to the relay, as the job sees it: it may be slow, but it never fails. What goes wrong is said in one line.</summary>
internal sealed class Delivery : IAsyncDisposable
{
    private readonly StandardStreams _streams;
    private readonly DeliveryOptions _options;
    private readonly TimeProvider _time;
    private readonly RelayClient _client;
    private readonly CancellationTokenSource _giveUp = new();
    private readonly LogWriter _writer;
    private readonly OutputMasks? _masks;
    private readonly Task _leftovers;
    private readonly long[] _seen = new long[OutputTypes.All.Max(output => (int)output) + 1];
    private string _notDelivered = "";
    private long _sinceEnd;
    private volatile bool _wasConnected;
    private volatile RelayException? _refusal;
    private volatile bool _isSpooled;
    private bool _saidWaiting;
    private bool _saidDropping;
    private bool _saidHeld;

    public Delivery(DeliveryOptions options, StandardStreams streams, TimeProvider time)
    {
        (_options, _streams, _time) = (options, streams, time);
        _client = options.CreateClient(time);
        _masks = options.Redaction is { } rules ? new OutputMasks(rules, DeliverAsync, time) : null;
        var leftovers = new Leftovers(options, streams, time);
        // The job does not wait for the look at what others left; only our own delivery does.
        var own = Task.Run(() => leftovers.DeliverOwnAsync(_giveUp.Token));
        _leftovers = Task.Run(async () =>
        {
            await own;
            await leftovers.DeliverOthersAsync(_giveUp.Token);
        });
        _writer = Open(new WriterOptions
        {
            Labels = options.Labels,
            Outputs = options.Outputs,
            ReplaceSession = options.Replace,
            WhenFull = options.WhenFull,
            ConnectAfter = own,
            OnConnectionChange = OnConnectionChange,
            CloseTimeout = DeliveryOptions.CloseTimeout,
        });
    }

    /// <summary>Takes the bytes, or, after a final refusal and without a spool, drops them.</summary>
    public ValueTask SendAsync(OutputType output, ReadOnlyMemory<byte> bytes) => _masks?.TakeAsync(output, bytes) ?? DeliverAsync(output, bytes);

    /// <summary>The job has ended, or is to: what it left in its pipes is taken whatever the limit.</summary>
    public void StopWaiting() => _writer.StopWaiting();

    /// <summary>The job has ended: the clock of the flush timeout begins.</summary>
    public void GiveUpAfter(TimeSpan timeout)
    {
        StopWaiting();
        _sinceEnd = _time.GetTimestamp();
        _giveUp.CancelAfter(timeout);
    }

    /// <summary>Waits no longer for the relay.</summary>
    public void GiveUp() => _giveUp.Cancel();

    /// <summary>Reports the end behind the last byte, and waits until the relay has both for good.</summary>
    public Task CompleteAsync(int? exitCode) => FinishAsync(async () =>
    {
        var report = await _writer.CompleteAsync(exitCode, _giveUp.Token);
        foreach (var output in report.Outputs.Where(output => output.Verdict == Verdict.Mismatch))
        {
            Say($"the relay's copy of {output.Output.ToName()} differs from what was written");
        }
    });

    /// <summary>Waits until the relay has everything for good, and leaves the session open for other writers.</summary>
    public Task CloseAsync() => FinishAsync(() => _writer.DeliverAsync(_giveUp.Token));

    public async ValueTask DisposeAsync()
    {
        await _giveUp.CancelAsync();
        await _leftovers;
        await (_masks?.DisposeAsync() ?? ValueTask.CompletedTask);
        await _writer.DisposeAsync();
        _client.Dispose();
        _giveUp.Dispose();
        SayWhatIsLeft();
        _masks?.SayWhatWasMasked(_streams);
    }

    private async ValueTask DeliverAsync(OutputType output, ReadOnlyMemory<byte> bytes)
    {
        _seen[(int)output] += bytes.Length;
        try
        {
            var write = _writer.WriteAsync(output, bytes);
            SayWhenFull(output, isWaiting: !write.IsCompleted);
            await write;
        }
        catch (RelayException)
        {
            // Said by OnConnectionChange.
        }
    }

    private LogWriter Open(WriterOptions options)
    {
        Exception? failure = null;
        foreach (var root in _options.SpoolRoots)
        {
            try
            {
                SpoolPlaces.Prepare(root);
                var folder = Path.Combine(root, $"{_time.GetUtcNow():yyyyMMdd'T'HHmmss}-{Guid.NewGuid():N}"[..24]);
                var spool = new SpoolOptions { Folder = folder, LimitBytes = _options.SpoolLimit, TakeWhenRefused = true };
                _isSpooled = true; // First: the refusal may come while the writer is being opened.
                return _client.OpenWriter(_options.Session, options with { Spool = spool });
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                failure = e;
                _isSpooled = false;
            }
        }

        if (failure is not null)
        {
            Say($"no spool can be made, so what the relay has not stored yet is kept in memory only: {failure.Message}");
        }

        return _client.OpenWriter(_options.Session, options);
    }

    private async Task FinishAsync(Func<Task> finish)
    {
        try
        {
            await (_masks?.EndAsync() ?? Task.CompletedTask);
            await finish();
        }
        catch (OperationCanceledException)
        {
            _notDelivered = WhatIsMissing();
        }
        catch (RelayException)
        {
            // Said by OnConnectionChange.
        }

        foreach (var output in OutputTypes.All.Where(output => _writer.Progress(output).Dropped > 0))
        {
            Say($"{ByteSizes.Show(_writer.Progress(output).Dropped)} of {output.ToName()} were given up because no more could be kept; readers see a gap");
        }
    }

    private string WhatIsMissing()
    {
        var missing = OutputTypes.All.Select(output => (Output: output, Bytes: _seen[(int)output] - _writer.Progress(output).Stored)).ToList();
        var bytes = string.Join(" and ", missing.Where(lost => lost.Bytes > 0).Select(lost => $"{lost.Bytes} bytes of {lost.Output.ToName()}"));
        var waited = _time.GetElapsedTime(_sinceEnd).TotalSeconds;
        return !_wasConnected ? $"{_options.ShownUrl} could not be reached within {waited:0.#} s{(bytes.Length > 0 ? $"; {bytes} are not delivered" : "")}"
            : bytes.Length > 0 ? $"{bytes} could not be delivered to {_options.ShownUrl} within {waited:0.#} s"
            : $"{_options.ShownUrl} has all bytes but did not confirm the end within {waited:0.#} s";
    }

    private void SayWhatIsLeft()
    {
        if (_writer.UndeliveredSpool is { } folder)
        {
            var why = _notDelivered.Length > 0 ? $"{_notDelivered}. " : "";
            var how = _refusal switch
            {
                null => "",
                AccessDeniedException => " and a token that allows it",
                _ => " --session-as ID",
            };
            Say($"{why}What is not delivered is kept; deliver it with: relay-writer recover {ShellWord.Quote(folder)}{how}");
        }
        else if (_notDelivered.Length > 0)
        {
            Say(_notDelivered);
        }
    }

    private void SayWhenFull(OutputType output, bool isWaiting)
    {
        // A writer that would drop waits too, for moments, while the relay makes room.
        if (isWaiting && _options.WhenFull == WhenFull.Block && !_saidWaiting)
        {
            _saidWaiting = true;
            Say("what waits for the relay is as much as may be kept: the output waits until the relay takes some of it");
        }

        if (!_saidDropping && _writer.Progress(output).Dropped > 0)
        {
            _saidDropping = true;
            Say("what waits for the relay is as much as can be kept: from now on some of it is given up, and readers will see a gap");
        }
    }

    private void OnConnectionChange(ConnectionChange change)
    {
        _wasConnected |= change.State == ConnectionState.Connected;
        if (change is { State: ConnectionState.Disconnected, Reason.Code: RelayErrorCode.WriterAlreadyConnected } && !_saidHeld)
        {
            _saidHeld = true;
            Say($"{change.Reason.Message} Until then what is written waits here.");
        }

        if (change is { State: ConnectionState.Faulted, Reason: { } refusal })
        {
            _refusal = refusal;
            Say($"the relay refused the log, the command runs on {(_isSpooled ? "and its output is kept here" : "without it")}: {refusal.Message}");
        }
    }

    private void Say(string message) => _streams.Say(WriterCommandLine.Tool, message);
}
