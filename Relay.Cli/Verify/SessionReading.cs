using Relay.Contracts;

namespace Relay.Cli.Verify;

/// <summary>One reading of a session from its beginning: what this reader was given, and what the relay says there is.</summary>
internal sealed class SessionReading
{
    private readonly Dictionary<OutputType, ReaderAccount> _accounts;
    private readonly FileComparison? _comparison;

    private SessionReading(SessionStatus status, IReadOnlyList<OutputType> outputs, FileComparison? comparison)
    {
        Status = status;
        _comparison = comparison;
        _accounts = outputs.ToDictionary(output => output, output => new ReaderAccount(output, Of(output).WriterOffset ?? 0));
    }

    /// <summary>How the session stood before the reading began.</summary>
    public SessionStatus Status { get; }

    /// <summary>The relay's last entry.</summary>
    public LogEntry End { get; private set; }

    /// <summary>The relay lost in a crash what this reader had been given already.</summary>
    public bool HasDiverged { get; private set; }

    /// <summary>The session completed while it was read, so that <see cref="Status"/> knows nothing of it.</summary>
    public bool IsOutdated => End.End == EndReason.Completed && Status.State != "completed";

    public IReadOnlyCollection<ReaderAccount> Accounts => _accounts.Values;

    public OutputStatus Of(OutputType output) => Status.Outputs.GetValueOrDefault(output.ToName()) ?? new OutputStatus();

    /// <summary>The relay's count and checksum at the end of the reading.</summary>
    public OutputTotal RelayTotal(OutputType output) => (End.Totals ?? []).FirstOrDefault(total => total.Output == output);

    /// <param name="status">How the session stands.</param>
    /// <param name="entries">Its log from the beginning, up to the end that there is now.</param>
    /// <param name="outputs">The outputs that were asked for.</param>
    /// <param name="comparison">A file to compare with, if any.</param>
    /// <exception cref="SessionGoneException">The session went while it was read.</exception>
    public static async Task<SessionReading> ReadAsync(
        SessionStatus status, IAsyncEnumerable<LogEntry> entries, IReadOnlyList<OutputType> outputs, FileComparison? comparison)
    {
        var reading = new SessionReading(status, outputs, comparison);
        await foreach (var entry in entries)
        {
            reading.Take(entry);
        }

        if (reading.End.End is EndReason.Deleted or EndReason.Expired)
        {
            var (code, what) = reading.End.End == EndReason.Deleted ? (RelayErrorCode.SessionDeleted, "was deleted") : (RelayErrorCode.SessionExpired, "expired");
            throw new SessionGoneException(code, $"The session '{status.SessionId}' {what} while it was read.");
        }

        comparison?.End();
        return reading;
    }

    private void Take(LogEntry entry)
    {
        switch (entry.Kind)
        {
            case LogEntryKind.Data:
                _accounts[entry.Output].Take(entry);
                CompareWith(entry.Output)?.Take(entry);
                break;
            case LogEntryKind.Gap:
                _accounts[entry.Output].Skip(entry);
                CompareWith(entry.Output)?.Skip(entry);
                break;
            case LogEntryKind.Diverged:
                HasDiverged = true;
                break;
            case LogEntryKind.End:
                End = entry;
                break;
        }
    }

    private FileComparison? CompareWith(OutputType output) => _comparison?.Output == output ? _comparison : null;
}
