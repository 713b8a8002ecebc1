using Relay.Contracts;

namespace Relay.Client.Spooling;

/// <summary>The records that are found in a spool's folder.</summary>
/// <param name="Segments">In order, each open.</param>
/// <param name="Lanes">Where each output stands behind the last record.</param>
internal sealed record SpoolContent(List<SpoolSegment> Segments, SpoolLane[] Lanes)
{
    /// <summary>Each file says where the outputs stood when it was begun, so only the last one has to be looked into.</summary>
    public static SpoolContent Load(string folder)
    {
        // A file without a header is one that the process had no time to begin.
        List<SpoolSegment> segments = [.. SpoolSegment.Numbers(folder).Select(number => SpoolSegment.Open(folder, number)).OfType<SpoolSegment>()];
        if (segments.Exists(segment => segment.IsHeaderDamaged))
        {
            ScanAll(segments);
        }
        else
        {
            for (var i = 0; i < segments.Count - 1; i++)
            {
                segments[i].AcceptAll(segments[i + 1]);
            }

            segments.TakeLast(1).ToList().ForEach(Scan);
        }

        return new SpoolContent(segments, segments is [.., var last] ? [.. last.Lanes] : new SpoolLane[OutputTypes.All.Count]);
    }

    private static void ScanAll(List<SpoolSegment> segments)
    {
        var lanes = new SpoolLane[OutputTypes.All.Count];
        foreach (var segment in segments)
        {
            if (segment.IsHeaderDamaged)
            {
                segment.AcceptBegin(lanes);
            }

            Scan(segment);
            lanes = segment.Lanes;
        }
    }

    private static void Scan(SpoolSegment segment)
    {
        var reader = new SpoolReader();
        reader.Begin(segment);
        do
        {
            while (reader.TryPeek(long.MaxValue, out var record, out var body))
            {
                var before = segment.Lanes[SpoolLane.Slot(record.Output)];
                if (record.Position < before.Accepted)
                {
                    break; // Not a record of ours, but bytes of the job that look like one.
                }

                segment.AcceptDamage(reader.Offset - segment.Length);
                if (body.Length < record.Length + record.CheckpointLength)
                {
                    Salvage(segment, record, body);
                    return;
                }

                // A damaged body counts, so that what follows is found; its bytes become a gap when they are to be sent.
                var isWhole = record.Matches(body);
                var checkpoint = isWhole && record.CheckpointLength > 0 ? body[record.Length..].ToArray() : before.Checkpoint;
                segment.Accept(record.TotalBytes, record.Output, new SpoolLane(record.End, record.RunCrc, checkpoint));
                reader.Advance(record);
            }
        }
        while (reader.TrySkipDamage(long.MaxValue));
    }

    /// <summary>
    /// The process died while it wrote this last record. The system writes from front to back, so what is there is right: it is kept as a
    /// record of its own. Not so when a checkpoint should follow: its source, which still has the bytes, is asked again.
    /// </summary>
    private static void Salvage(SpoolSegment segment, SpoolRecord torn, ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty || torn.CheckpointLength > 0)
        {
            return;
        }

        var before = segment.Lanes[SpoolLane.Slot(torn.Output)];
        // Bytes that were skipped before the record are in its checksum, but not here: then it cannot be continued, and what is left of it is a gap.
        if (before.Accepted == torn.Position)
        {
            var after = before.After(body);
            var header = new byte[SpoolRecord.HeaderBytes];
            SpoolRecord.WriteHeader(header, torn.Output, after, body.Length, checkpointLength: 0, Crc32C.Append(0, body));
            try
            {
                segment.Append([header, body.ToArray()], header.Length + body.Length, torn.Output, after);
            }
            catch (IOException)
            {
                // The disk is full: it stays torn, and can be salvaged another time.
            }
        }
    }
}
