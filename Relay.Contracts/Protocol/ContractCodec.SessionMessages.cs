namespace Relay.Contracts.Protocol;

/// <content>SessionsRequest, SessionsBatch, SessionStatus, OutputStatus. Times are microseconds since 1970-01-01T00:00:00Z.</content>
internal static partial class ContractCodec
{
    private static void Write(ref MessagePackWriter writer, SessionsRequest request)
    {
        writer.WriteArrayHeader(1);
        writer.Write(request.Version);
    }

    private static SessionsRequest ReadSessionsRequest(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var request = new SessionsRequest { Version = fields.Int32(ref reader, fallback: InitialVersion) };
        fields.End(ref reader);
        return request;
    }

    private static void Write(ref MessagePackWriter writer, SessionsBatch batch)
    {
        writer.WriteArrayHeader(3);
        writer.WriteArrayHeader(batch.Changed.Count);
        foreach (var session in batch.Changed)
        {
            Write(ref writer, session);
        }

        writer.WriteArrayHeader(batch.Gone.Count);
        foreach (var (id, reason) in batch.Gone)
        {
            writer.WriteArrayHeader(2);
            writer.Write(id);
            writer.Write((long)reason);
        }

        writer.Write(batch.IsComplete);
    }

    private static SessionsBatch ReadSessionsBatch(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var batch = new SessionsBatch
        {
            Changed = fields.ListOrNull(ref reader, ReadSessionStatus) ?? [],
            Gone = fields.ListOrNull(ref reader, ReadGoneSession) ?? [],
            IsComplete = fields.Boolean(ref reader, fallback: true),
        };
        fields.End(ref reader);
        return batch;
    }

    private static GoneSession ReadGoneSession(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var gone = new GoneSession(fields.String(ref reader), (EndReason)fields.Int32(ref reader));
        fields.End(ref reader);
        return gone;
    }

    private static void Write(ref MessagePackWriter writer, SessionStatus session)
    {
        writer.WriteArrayHeader(10);
        writer.Write(session.SessionId);
        writer.Write(session.State);
        writer.Write(Micros(session.CreatedAt));
        writer.Write(Micros(session.LastActivityAt));
        WriteTimeOrNil(ref writer, session.ExpiresAt);
        writer.WriteArrayHeader(session.Labels.Count); // Of pairs: as the key of a map JavaScript's decoder takes any name but "__proto__".
        foreach (var (name, value) in session.Labels)
        {
            writer.WriteArrayHeader(2);
            writer.Write(name);
            writer.Write(value);
        }

        writer.WriteArrayHeader(session.Outputs.Count);
        foreach (var (name, output) in session.Outputs)
        {
            Write(ref writer, name, output);
        }

        writer.Write(session.Readers);
        writer.WriteOrNil(session.ExitCode);
        WriteTimeOrNil(ref writer, session.CompletedAt);
    }

    private static SessionStatus ReadSessionStatus(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var session = new SessionStatus
        {
            SessionId = fields.String(ref reader),
            State = fields.String(ref reader),
            CreatedAt = Time(fields.Int64(ref reader)),
            LastActivityAt = Time(fields.Int64(ref reader)),
            ExpiresAt = fields.Int64OrNull(ref reader) is { } expires ? Time(expires) : null,
            Labels = (fields.ListOrNull(ref reader, ReadLabel) ?? []).ToDictionary(StringComparer.Ordinal),
            Outputs = (fields.ListOrNull(ref reader, ReadOutputStatus) ?? []).ToDictionary(output => output.Name, output => output.Status, StringComparer.Ordinal),
            Readers = fields.Int32(ref reader),
            ExitCode = fields.Int32OrNull(ref reader),
            CompletedAt = fields.Int64OrNull(ref reader) is { } completed ? Time(completed) : null,
        };
        fields.End(ref reader);
        return session;
    }

    private static KeyValuePair<string, string> ReadLabel(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var label = KeyValuePair.Create(fields.String(ref reader), fields.String(ref reader));
        fields.End(ref reader);
        return label;
    }

    private static void Write(ref MessagePackWriter writer, string name, OutputStatus output)
    {
        writer.WriteArrayHeader(12);
        writer.Write(name);
        writer.Write(output.State);
        writer.Write(output.Bytes);
        writer.Write(output.Lines);
        writer.Write(output.FirstOffset);
        WriteOrNil(ref writer, output.Crc32C);
        writer.Write(output.Writer);
        writer.Write(output.IsWriterLost);
        writer.Write(output.Verdict);
        WriteOrNil(ref writer, output.WriterBytes);
        WriteOrNil(ref writer, output.WriterCrc32C);
        WriteOrNil(ref writer, output.WriterOffset);
    }

    private static (string Name, OutputStatus Status) ReadOutputStatus(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var name = fields.String(ref reader);
        var status = new OutputStatus
        {
            State = fields.String(ref reader),
            Bytes = fields.Int64(ref reader),
            Lines = fields.Int64(ref reader),
            FirstOffset = fields.Int64(ref reader),
            Crc32C = (uint?)fields.Int64OrNull(ref reader),
            Writer = fields.StringOrNull(ref reader),
            IsWriterLost = fields.Boolean(ref reader, fallback: false),
            Verdict = fields.StringOrNull(ref reader),
            WriterBytes = fields.Int64OrNull(ref reader),
            WriterCrc32C = (uint?)fields.Int64OrNull(ref reader),
            WriterOffset = fields.Int64OrNull(ref reader),
        };
        fields.End(ref reader);
        return (name, status);
    }

    private static void WriteOrNil(ref MessagePackWriter writer, long? value)
    {
        if (value is { } number)
        {
            writer.Write(number);
        }
        else
        {
            writer.WriteNil();
        }
    }

    private static void WriteTimeOrNil(ref MessagePackWriter writer, DateTimeOffset? time) => WriteOrNil(ref writer, time is { } at ? Micros(at) : null);

    private static long Micros(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    private static DateTimeOffset Time(long micros) => DateTimeOffset.UnixEpoch.AddTicks(Math.Clamp(micros, 0, LatestMicros) * TimeSpan.TicksPerMicrosecond);

    private static readonly long LatestMicros = (DateTimeOffset.MaxValue - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
