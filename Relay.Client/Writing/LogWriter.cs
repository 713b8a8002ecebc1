using Relay.Client.Connections;
using Relay.Client.Sessions;
using Relay.Client.Spooling;
using Relay.Client.Writing;
using Relay.Contracts;

namespace Relay.Client;

/// <summary>
/// Writes one run's outputs into a session. Bytes are taken into a bounded replay buffer, or a spool on disk, and sent in the background, over
/// as many connections as it takes; they leave it when they are durable. Whatever happens to the connection or the relay, each byte is stored once and in order.
/// Safe for use from many threads; the order of bytes is the order in which they were taken, over all outputs.
/// </summary>
/// <remarks>
/// A lost connection, a stopping relay, a full disk: the writer backs off and goes on, for ever. A final refusal (the session was completed by
/// another run, deleted or replaced, or a later attempt of the run took the lease) faults the writer: everything then throws that
/// <see cref="RelayException"/>, unless <see cref="SpoolOptions.TakeWhenRefused"/> keeps what is written. Opened by
/// <see cref="RelayClient.OpenWriter"/> or <see cref="RelayClient.OpenSpool"/>.
/// </remarks>
public sealed class LogWriter : IAsyncDisposable
{
    private readonly WriterOptions _options;
    private readonly WriterRun _run;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private int _disposed;

    internal LogWriter(HubDialer dialer, SessionApi sessions, string session, WriterOptions options)
    {
        WriterOptions.ThrowIfInvalid(options);
        _time = dialer.Options.TimeProvider;
        Session = session;
        var runId = options.RunId ?? Guid.NewGuid().ToString("N");
        var store = OpenStore(dialer.Options, session, ref runId, ref options);
        _options = options;
        _run = new WriterRun(store, options.WhenFull, _time)
        {
            IsTakenUp = options.Spool is { MustExist: true } && store.Facts.Attempt > 0,
            TakesWhenRefused = options.Spool is { TakeWhenRefused: true },
        };
        var loop = new WriterLoop(dialer, sessions, session, runId, options, _run);
        _loop = Task.Run(() => loop.RunAsync(_stop.Token));
    }

    /// <summary>The session's id.</summary>
    public string Session { get; }

    /// <summary>Why the writer was refused for good; <c>null</c> while it was not.</summary>
    public RelayException? Fault => _run.Fault;

    /// <summary>How far the bytes of an output have come. All zero for an output that this writer does not lease.</summary>
    public WriterProgress Progress(OutputType output) => _run.Progress(output);

    /// <summary>
    /// After <see cref="DisposeAsync"/>: the folder in which bytes, or the report of the end, wait for <see cref="RelayClient.OpenSpool"/>;
    /// <c>null</c> when nothing is owed, or there is no spool.
    /// </summary>
    public string? UndeliveredSpool { get; private set; }

    /// <summary>The last checkpoint that was written with bytes of the output, by this process or, in a spool, an earlier one; empty if none was.</summary>
    public ReadOnlyMemory<byte> Checkpoint(OutputType output) => _run.Checkpoint(output);

    /// <summary>
    /// Takes bytes of one output. They are copied: the memory is the caller's again when this returns. It returns at once while there is room;
    /// otherwise <see cref="WriterOptions.WhenFull"/> decides.
    /// </summary>
    /// <param name="output">The output; one that this writer leases.</param>
    /// <param name="bytes">Any bytes, any number of them; nothing is added between calls.</param>
    /// <param name="cancellationToken">Ends the wait for room. Of more than 48 KiB a first part may have been taken then.</param>
    /// <exception cref="RelayException">The writer was refused for good, and <see cref="SpoolOptions.TakeWhenRefused"/> is off.</exception>
    /// <exception cref="ArgumentException">The writer does not lease this output.</exception>
    /// <exception cref="InvalidOperationException">The writer is completed or disposed.</exception>
    public ValueTask WriteAsync(OutputType output, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) =>
        _run.AppendAsync(output, bytes, default, cancellationToken);

    /// <summary>
    /// Takes bytes together with a note of where they came from. In a spool the two are stored as one: after a crash
    /// <see cref="Checkpoint"/> tells exactly which bytes were taken.
    /// </summary>
    /// <param name="output">The output.</param>
    /// <param name="bytes">At least one, at most 48 KiB: more would be several records, and the note of the last.</param>
    /// <param name="checkpoint">At most 256 bytes, of whatever meaning.</param>
    /// <param name="cancellationToken">Ends the wait for room.</param>
    /// <inheritdoc cref="WriteAsync(OutputType, ReadOnlyMemory{byte}, CancellationToken)"/>
    public ValueTask WriteAsync(
        OutputType output, ReadOnlyMemory<byte> bytes, ReadOnlyMemory<byte> checkpoint, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes.Length, 1, nameof(bytes));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, ReplayBuffer.MaxItemBytes, nameof(bytes));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(checkpoint.Length, SpoolRecord.MaxCheckpointBytes, nameof(checkpoint));
        return _run.AppendAsync(output, bytes, checkpoint, cancellationToken);
    }

    /// <summary>
    /// From now on writing never waits: what is written is taken beyond the limit. For the last bytes of a process that has ended, which are few
    /// and come from nowhere else again.
    /// </summary>
    public void StopWaiting() => _run.StopWaiting();

    /// <summary>Waits until everything that was written so far is durable: it survives a power loss of the relay's machine.</summary>
    /// <exception cref="RelayException">The writer was refused for good.</exception>
    public Task FlushAsync(CancellationToken cancellationToken = default) => _run.FlushAsync(cancellationToken);

    /// <summary>
    /// Ends the session: exit code, count and checksum of each output are sent behind the last byte. Waits, over reconnects, until all of it is
    /// durable. Calling again waits for the same completion; the first call's exit code counts.
    /// </summary>
    /// <param name="exitCode">The job's exit code, if it has one.</param>
    /// <param name="cancellationToken">Ends the wait, not the completion, which goes on until the writer is disposed.</param>
    /// <returns>What the relay's comparison of count and checksum said, per output.</returns>
    /// <exception cref="RelayException">The writer was refused for good.</exception>
    public Task<CompletionReport> CompleteAsync(int? exitCode = null, CancellationToken cancellationToken = default) =>
        _run.CompleteAsync(exitCode, cancellationToken);

    /// <summary>
    /// Waits until everything that was written is durable, and the end with it if <see cref="CompleteAsync"/> was called, by whatever process. Of a
    /// run that <see cref="RelayClient.OpenSpool"/> took up it waits for the relay also when nothing is owed: its outputs may still be open there.
    /// </summary>
    /// <returns>What the relay said to the end; <c>null</c> when none was reported.</returns>
    /// <exception cref="RelayException">The writer was refused for good.</exception>
    public async Task<CompletionReport?> DeliverAsync(CancellationToken cancellationToken = default)
    {
        if (_run.Facts.IsCompleting)
        {
            return await _run.CompleteAsync(null, cancellationToken).ConfigureAwait(false);
        }

        await _run.FlushAsync(cancellationToken).ConfigureAwait(false);
        return null;
    }

    /// <summary>
    /// Leaves. A writer that is connected sends what is left and ends its upload in good order, within <see cref="WriterOptions.CloseTimeout"/>:
    /// the outputs are closed and may be opened again. One that is not connected gives up what was not sent, unless it is in a spool.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _run.Close();
        if (_run.IsGranted)
        {
            await Task.WhenAny(_loop, Task.Delay(_options.CloseTimeout, _time, _stop.Token)).ConfigureAwait(false);
        }

        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        UndeliveredSpool = _run.End(_options.Spool is { KeepWhenDrained: true }) ? Path.GetFullPath(_options.Spool!.Folder) : null;
        _run.Fail(RelayException.Create(RelayErrorCode.ConnectionLost, "The writer was disposed."));
        _stop.Dispose();
    }

    private static IReplayStore OpenStore(RelayClientOptions client, string session, ref string runId, ref WriterOptions options)
    {
        if (options.Spool is null)
        {
            return new ReplayBuffer(options.ReplayBufferBytes, options.Outputs is [] ? OutputTypes.All : [.. options.Outputs.Distinct()]);
        }

        var fresh = new SpoolDescription
        {
            Session = session,
            RunId = runId,
            Url = client.Url,
            StartedAt = client.TimeProvider.GetUtcNow(),
            Outputs = options.Outputs,
            Labels = options.Labels,
            KeepWhenDrained = options.Spool.KeepWhenDrained,
            ReplaceSession = options.ReplaceSession,
        };
        var spool = Spool.Open(options.Spool, options.Spool.MustExist ? null : fresh, out var found);
        if (found.Session != session)
        {
            spool.Dispose();
            throw new ArgumentException($"The spool {options.Spool.Folder} is of session '{found.Session}', not '{session}'.", nameof(options));
        }

        // The run that is taken up stays what it was.
        runId = found.RunId;
        options = options with { Outputs = found.Outputs, Labels = found.Labels, ReplaceSession = found.ReplaceSession };
        return spool;
    }
}
