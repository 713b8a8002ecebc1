using Relay.Contracts;
using Relay.Server.Storage;

namespace Relay.Server.Sessions;

/// <summary>Shows a session as the REST documents do.</summary>
internal sealed class SessionStatusMapper(SessionRegistry registry, TimeProvider time)
{
    public SessionStatus ToStatus(Session session)
    {
        var snapshot = session.Log.Snapshot();
        return new SessionStatus
        {
            SessionId = session.Id,
            State = snapshot.Completion is null ? "live" : "completed",
            CreatedAt = session.Log.CreatedAt,
            LastActivityAt = session.LastActivityAt,
            ExpiresAt = snapshot.HasWriter ? null : time.GetUtcNow() - session.Idle + registry.Ttl,
            Labels = session.Log.Labels,
            Outputs = snapshot.Outputs.ToDictionary(output => output.Output.ToName(), output => ToStatus(output, snapshot.Completion), StringComparer.Ordinal),
            Readers = session.Readers,
            ExitCode = snapshot.Completion?.ExitCode,
            CompletedAt = snapshot.Completion is { Micros: > 0 and var micros } ? DateTimeOffset.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond) : null,
        };
    }

    private static OutputStatus ToStatus(OutputSnapshot output, Completion? completion)
    {
        var reported = completion?.Totals.GetValueOrDefault(output.Output);
        return new OutputStatus
        {
            State = output.Phase switch
            {
                OutputPhase.Waiting => "waiting",
                OutputPhase.Open => "open",
                OutputPhase.Ended => "ended",
                _ => "closed",
            },
            Bytes = output.Length,
            Lines = output.Lines,
            FirstOffset = output.FirstOffset,
            Crc32C = output.Crc32C,
            Writer = output.Writer,
            IsWriterLost = output.Phase == OutputPhase.Lost,
            Verdict = completion is null ? null : output.Verdict.ToString().ToLowerInvariant(),
            WriterBytes = reported?.Bytes,
            WriterCrc32C = reported?.Crc32C,
            WriterOffset = reported?.Offset,
        };
    }
}
