using Relay.Client;
using Relay.Contracts;
using Relay.Redaction;
using Relay.Terminal;
using Relay.Writer.Delivering;

namespace Relay.Writer.Follow;

/// <summary>
/// The way of followed files to the relay. Bytes and the place where they were read go into the spool as one; when it is full, reading waits: the
/// files hold what comes next.
/// </summary>
internal sealed class FollowDelivery : IAsyncDisposable
{
    private const int MostRecordBytes = 48 * 1024;

    private readonly FollowOptions _options;
    private readonly StandardStreams _streams;
    private readonly RelayClient _client;
    private readonly LogWriter _writer;
    private readonly SecretCounts _counts = new();
    private readonly Dictionary<OutputType, FollowMask> _masks = [];
    private readonly TaskCompletionSource _refused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _wasConnected;

    /// <exception cref="SpoolInUseException">Another process follows the same files into the same session.</exception>
    public FollowDelivery(FollowOptions options, StandardStreams streams)
    {
        (_options, _streams) = (options, streams);
        _client = options.Delivery.CreateClient(options.Pace.Time);
        try
        {
            _writer = Open();
        }
        catch
        {
            _client.Dispose();
            throw;
        }

        if (options.Delivery.Redaction is { } rules)
        {
            _masks = options.Files.Keys.ToDictionary(
                output => output, output => new FollowMask(rules, _counts, (bytes, place, cancellationToken) => WriteAsync(output, bytes, place, cancellationToken), options.Pace.Time));
        }
    }

    /// <summary>Ends when the relay refused the log for good.</summary>
    public Task Refused => _refused.Task;

    /// <summary>Whether an earlier follower had already reported the end and could not deliver it.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Whether the relay has everything for good that was taken, and the end, if it was reported.</summary>
    public bool IsDelivered { get; private set; }

    public FileCheckpoint? Checkpoint(OutputType output) => FileCheckpoint.Decode(_writer.Checkpoint(output).Span);

    /// <inheritdoc cref="TakeBytes"/>
    public ValueTask TakeAsync(OutputType output, ReadOnlyMemory<byte> bytes, Func<int, FileCheckpoint> placeBefore, CancellationToken cancellationToken) =>
        _masks.TryGetValue(output, out var mask) ? mask.TakeAsync(bytes, placeBefore, cancellationToken)
        : bytes.IsEmpty ? ValueTask.CompletedTask
        : WriteAsync(output, bytes, placeBefore(0), cancellationToken);

    /// <summary>Reports the end behind the last byte, and waits until the relay has both for good.</summary>
    public Task CompleteAsync(int? exitCode, CancellationToken cancellationToken) => FinishAsync(() => _writer.CompleteAsync(exitCode, cancellationToken));

    /// <summary>Waits until the relay has everything for good; the session stays open.</summary>
    public Task CloseAsync(CancellationToken cancellationToken) => FinishAsync(() => _writer.DeliverAsync(cancellationToken));

    public async ValueTask DisposeAsync()
    {
        foreach (var mask in _masks.Values)
        {
            await mask.DisposeAsync();
        }

        await _writer.DisposeAsync();
        OutputMasks.SayWhatWasMasked(_counts, _streams);
        _client.Dispose();
        if (_writer.UndeliveredSpool is { } folder)
        {
            var reached = _wasConnected ? "took not all in time" : "could not be reached";
            Say(_writer.Fault is not null && Refused.IsCompleted
                ? $"what was read is kept in {folder}; remove that folder to begin anew"
                : $"{_options.Delivery.Url.OriginalString} {reached}. What is not delivered is kept; the same command goes on with it, or: relay-writer recover {ShellWord.Quote(folder)}");
        }
        else if (!IsDelivered && !Refused.IsCompleted)
        {
            Say($"{_options.Delivery.Url.OriginalString} did not take all in time, and there is no spool to keep the rest; the files hold it");
        }
    }

    private LogWriter Open()
    {
        var writer = new WriterOptions
        {
            Labels = _options.Delivery.Labels,
            Outputs = [.. _options.Files.Keys],
            WhenFull = WhenFull.Block,
            OnConnectionChange = OnConnectionChange,
        };
        Exception? failure = null;
        foreach (var root in _options.Delivery.SpoolRoots)
        {
            var folder = Path.Combine(Path.GetFullPath(root), _options.SpoolName);
            try
            {
                SpoolPlaces.Prepare(root);
                HasEnded = Directory.Exists(root) && SpoolFolder.List(root).Any(spool => spool.Folder == folder && spool.HasEnd);
                var spool = new SpoolOptions { Folder = folder, LimitBytes = _options.Delivery.SpoolLimit, KeepWhenDrained = true };
                return _client.OpenWriter(_options.Delivery.Session, writer with { Spool = spool });
            }
            catch (Exception e) when (e is (IOException and not SpoolInUseException) or UnauthorizedAccessException)
            {
                failure = e;
            }
        }

        Say("without a spool the place in the files is not remembered: another start begins at their beginnings"
            + (failure is null ? "" : $" ({failure.Message})"));
        return _client.OpenWriter(_options.Delivery.Session, writer);
    }

    /// <summary>The place goes with the last piece. What masks made longer than a record is rare; a crash between its pieces repeats the first.</summary>
    private async ValueTask WriteAsync(OutputType output, ReadOnlyMemory<byte> bytes, FileCheckpoint place, CancellationToken cancellationToken)
    {
        for (; bytes.Length > MostRecordBytes; bytes = bytes[MostRecordBytes..])
        {
            await _writer.WriteAsync(output, bytes[..MostRecordBytes], cancellationToken);
        }

        await _writer.WriteAsync(output, bytes, place.Encode(), cancellationToken);
    }

    private async Task FinishAsync(Func<Task> finish)
    {
        try
        {
            foreach (var mask in _masks.Values)
            {
                await mask.EndAsync();
            }

            await finish();
            IsDelivered = true;
        }
        catch (Exception failure) when (failure is OperationCanceledException or RelayException)
        {
            // Said by OnConnectionChange, or when all is over.
        }
    }

    private void OnConnectionChange(ConnectionChange change)
    {
        _wasConnected |= change.State == ConnectionState.Connected;
        if (change is { State: ConnectionState.Faulted, Reason: { } refusal })
        {
            Say($"the relay refused the log: {refusal.Message}");
            _refused.TrySetResult();
        }
    }

    private void Say(string message) => _streams.Say(WriterCommandLine.Tool, message);
}
