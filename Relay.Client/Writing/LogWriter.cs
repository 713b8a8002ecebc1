using Relay.Client.Connections;
using Relay.Client.Sessions;
using Relay.Client.Writing;
using Relay.Contracts;

namespace Relay.Client;

/// <summary>
/// Writes one run's outputs into a session. Bytes are taken into a bounded replay buffer and sent in the background, over as many connections
/// as it takes; they leave the buffer when they are durable. Whatever happens to the connection or the relay, each byte is stored once and in order.
/// Safe for use from many threads; the order of bytes is the order in which <see cref="WriteAsync"/> took them, over all outputs.
/// </summary>
/// <remarks>
/// A lost connection, a stopping relay, a full disk: the writer backs off and goes on, for ever. A final refusal (the session was completed by
/// another run, deleted or replaced, or a later attempt of the run took the lease) faults the writer: everything then throws that
/// <see cref="RelayException"/>. Opened by <see cref="RelayClient.OpenWriter"/>.
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
        _options = options;
        _time = dialer.Options.TimeProvider;
        Session = session;
        _run = new WriterRun(options.ReplayBufferBytes, options.Outputs is [] ? OutputTypes.All : [.. options.Outputs.Distinct()]);
        var loop = new WriterLoop(dialer, sessions, session, options, _run);
        _loop = Task.Run(() => loop.RunAsync(_stop.Token));
    }

    /// <summary>The session's id.</summary>
    public string Session { get; }

    /// <summary>Why the writer was refused for good; <c>null</c> while it was not.</summary>
    public RelayException? Fault => _run.Fault;

    /// <summary>How far the bytes of an output have come. All zero for an output that this writer does not lease.</summary>
    public WriterProgress Progress(OutputType output) => _run.Progress(output);

    /// <summary>
    /// Takes bytes of one output. They are copied: the memory is the caller's again when this returns. It returns at once while the replay
    /// buffer has room, and waits otherwise.
    /// </summary>
    /// <param name="output">The output; one that this writer leases.</param>
    /// <param name="bytes">Any bytes, any number of them; nothing is added between calls.</param>
    /// <param name="cancellationToken">Ends the wait for room. Of more than 48 KiB a first part may have been taken then.</param>
    /// <exception cref="RelayException">The writer was refused for good.</exception>
    /// <exception cref="ArgumentException">The writer does not lease this output.</exception>
    /// <exception cref="InvalidOperationException">The writer is completed or disposed.</exception>
    public ValueTask WriteAsync(OutputType output, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) =>
        _run.AppendAsync(output, bytes, cancellationToken);

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
    /// Leaves. A writer that is connected sends what is left and ends its upload in good order, within <see cref="WriterOptions.CloseTimeout"/>:
    /// the outputs are closed and may be opened again. One that is not connected gives up what was not sent.
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
        _run.Fail(RelayException.Create(RelayErrorCode.ConnectionLost, "The writer was disposed."));
        _stop.Dispose();
    }
}
