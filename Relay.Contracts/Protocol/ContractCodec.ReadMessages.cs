namespace Relay.Contracts.Protocol;

/// <content>ReadRequest, LogBatch, Entry.</content>
internal static partial class ContractCodec
{
    private static void Write(ref MessagePackWriter writer, ReadRequest request)
    {
        writer.WriteArrayHeader(8);
        writer.Write(request.Version);
        writer.Write(request.Session);
        WriteOutputs(ref writer, request.Outputs);
        writer.Write((long)request.Start);
        writer.Write(request.Cursor);
        writer.Write(request.TailLines);
        writer.Write(request.SinceMicros);
        writer.Write(request.Follow);
    }

    private static ReadRequest ReadReadRequest(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var request = new ReadRequest
        {
            Version = fields.Int32(ref reader, fallback: InitialVersion),
            Session = fields.String(ref reader),
            Outputs = fields.Outputs(ref reader),
            Start = (ReadStart)fields.Int32(ref reader),
            Cursor = fields.StringOrNull(ref reader),
            TailLines = fields.Int64(ref reader),
            SinceMicros = fields.Int64(ref reader),
            Follow = fields.Boolean(ref reader, fallback: true),
        };
        fields.End(ref reader);
        return request;
    }

    private static void Write(ref MessagePackWriter writer, LogBatch batch)
    {
        writer.WriteArrayHeader(2);
        writer.Write(batch.Cursor);
        writer.WriteArrayHeader(batch.Entries.Count);
        for (var i = 0; i < batch.Entries.Count; i++)
        {
            Write(ref writer, batch.Entries[i]);
        }
    }

    private static LogBatch ReadBatch(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var batch = new LogBatch
        {
            Cursor = fields.String(ref reader),
            Entries = fields.ListOrNull(ref reader, ReadEntry) ?? [],
        };
        fields.End(ref reader);
        return batch;
    }

    private static void Write(ref MessagePackWriter writer, in LogEntry entry)
    {
        var isData = entry.Kind == LogEntryKind.Data;
        writer.WriteArrayHeader(isData ? 6 : 11);
        writer.Write((long)entry.Kind);
        writer.Write((long)entry.Output);
        writer.Write(entry.Offset);
        writer.Write(entry.Sequence);
        writer.Write(entry.TimeMicros);
        writer.Write(entry.Data.Span);
        if (isData)
        {
            return;
        }

        writer.Write(entry.Length);
        writer.Write((long)entry.Gap);
        writer.Write((long)entry.End);
        writer.WriteOrNil(entry.ExitCode);
        if (entry.Totals is { } totals)
        {
            WriteTotals(ref writer, totals);
        }
        else
        {
            writer.WriteNil();
        }
    }

    private static LogEntry ReadEntry(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var entry = new LogEntry
        {
            Kind = (LogEntryKind)fields.Int32(ref reader),
            Output = fields.Output(ref reader),
            Offset = fields.Int64(ref reader),
            Sequence = fields.Int64(ref reader),
            TimeMicros = fields.Int64(ref reader),
            Data = fields.Binary(ref reader),
            Length = fields.Int64(ref reader),
            Gap = (GapReason)fields.Int32(ref reader),
            End = (EndReason)fields.Int32(ref reader),
            ExitCode = fields.Int32OrNull(ref reader),
            Totals = fields.ListOrNull(ref reader, ReadTotal),
        };
        fields.End(ref reader);
        return entry;
    }
}
