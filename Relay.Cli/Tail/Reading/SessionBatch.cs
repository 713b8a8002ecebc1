using Relay.Contracts;

namespace Relay.Cli.Tail.Reading;

/// <summary>A batch of a session, or a part of one.</summary>
/// <param name="Cursor">Resumes behind the last of the entries; <c>null</c> when that is within a batch.</param>
/// <param name="Failure">What ended the session's read; there are no entries then.</param>
internal readonly record struct SessionBatch(TailedSession Session, ArraySegment<LogEntry> Entries, string? Cursor, RelayException? Failure = null)
{
    public static SessionBatch Of(TailedSession session, LogBatch batch) => new(session, ToSegment(batch.Entries), batch.Cursor);

    public static ArraySegment<LogEntry> ToSegment(IReadOnlyList<LogEntry> entries) => entries as LogEntry[] ?? [.. entries];
}
