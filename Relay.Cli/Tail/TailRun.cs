using Relay.Client;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli.Tail;

/// <summary>One run of <c>relay tail</c>: entries in, bytes, messages and an exit code out.</summary>
internal sealed class TailRun(StandardStreams streams, Func<ReadOptions, CancellationToken, IAsyncEnumerable<LogBatch>> open)
{
    private readonly TailMessages _messages = new(streams);
    private readonly OrderedOutput _bytes = new(streams);
    private bool _bytesMissing;

    public async Task<int> RunAsync(ReadOptions options, CancellationToken cancellationToken)
    {
        options = options with
        {
            OnConnectionChange = _messages.OnConnectionChange,
            OnPresence = streams.ErrorIsTerminal ? _messages.OnPresence : null,
        };
        try
        {
            var exitCode = ExitCode.Ok;
            await foreach (var batch in open(options, cancellationToken))
            {
                exitCode = Show(batch) ?? exitCode;
            }

            return _bytesMissing ? ExitCode.BytesMissing : exitCode;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (BrokenPipeException)
        {
            return ExitCode.BrokenPipe;
        }
        catch (RelayException failure)
        {
            _messages.Failed(failure);
            return CodeFor(failure);
        }
        catch (IOException failure)
        {
            _messages.CannotWrite(failure);
            return ExitCode.BytesMissing;
        }
    }

    /// <returns>The exit code, when the batch has the end.</returns>
    private int? Show(LogBatch batch)
    {
        int? exitCode = null;
        foreach (var entry in batch.Entries)
        {
            if (entry.Kind == LogEntryKind.Data)
            {
                _bytes.Write(entry.Output, entry.Data.Span);
                continue;
            }

            _bytes.Flush();
            exitCode = ShowMark(entry) ?? exitCode;
        }

        _bytes.Flush();
        return exitCode;
    }

    private int? ShowMark(LogEntry entry)
    {
        switch (entry.Kind)
        {
            case LogEntryKind.Gap:
                _bytesMissing = true;
                _messages.Gap(entry);
                return null;
            case LogEntryKind.Diverged:
                _bytesMissing = true;
                _messages.Diverged(entry);
                return null;
            case LogEntryKind.End:
                _messages.Ended(entry);
                return entry.ExitCode ?? (entry.End is EndReason.Deleted or EndReason.Expired ? ExitCode.SessionGone : ExitCode.Ok);
            default:
                return null;
        }
    }

    private static int CodeFor(RelayException failure) => failure switch
    {
        SessionNotFoundException => ExitCode.SessionNotFound,
        SessionGoneException => ExitCode.SessionGone,
        { Code: RelayErrorCode.ConnectionLost } => ExitCode.CannotConnect,
        { Code: RelayErrorCode.InvalidSessionId } => ExitCode.Usage,
        _ => ExitCode.Refused,
    };
}
