namespace Relay.Contracts.Protocol;

/// <content>LinesRequest, LinePage, OutputPlace, PageEntry.</content>
internal static partial class ContractCodec
{
    private static void Write(ref MessagePackWriter writer, LinesRequest request)
    {
        writer.WriteArrayHeader(6);
        writer.Write(request.Version);
        writer.Write(request.Session);
        WriteOutputs(ref writer, request.Outputs);
        writer.Write(request.First);
        writer.Write(request.Count);
        WriteNumbers(ref writer, request.At);
    }

    private static LinesRequest ReadLinesRequest(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var request = new LinesRequest
        {
            Version = fields.Int32(ref reader, fallback: InitialVersion),
            Session = fields.String(ref reader),
            Outputs = fields.Outputs(ref reader),
            First = fields.Int64(ref reader),
            Count = fields.Int32(ref reader),
            At = fields.Numbers(ref reader),
        };
        fields.End(ref reader);
        return request;
    }

    private static void Write(ref MessagePackWriter writer, LinePage page)
    {
        writer.WriteArrayHeader(3);
        writer.Write(page.Cursor);
        writer.WriteArrayHeader(page.Outputs.Count);
        foreach (var place in page.Outputs)
        {
            Write(ref writer, place);
        }

        writer.WriteArrayHeader(page.Entries.Count);
        foreach (var entry in page.Entries)
        {
            Write(ref writer, entry);
        }
    }

    private static LinePage ReadLinePage(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var page = new LinePage
        {
            Cursor = fields.StringOrNull(ref reader),
            Outputs = fields.ListOrNull(ref reader, ReadOutputPlace) ?? [],
            Entries = fields.ListOrNull(ref reader, ReadPageEntry) ?? [],
        };
        fields.End(ref reader);
        return page;
    }

    private static void Write(ref MessagePackWriter writer, OutputPlace place)
    {
        writer.WriteArrayHeader(5);
        writer.Write((long)place.Output);
        writer.Write(place.Lines);
        writer.Write(place.Offset);
        writer.Write(place.FirstLine);
        if (place.Open is { } open)
        {
            Write(ref writer, open);
        }
        else
        {
            writer.WriteNil();
        }
    }

    private static OutputPlace ReadOutputPlace(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var place = new OutputPlace
        {
            Output = fields.Output(ref reader),
            Lines = fields.Int64(ref reader),
            Offset = fields.Int64(ref reader),
            FirstLine = fields.Int64(ref reader),
            Open = fields.OrNull(ref reader, ReadPageEntry),
        };
        fields.End(ref reader);
        return place;
    }

    private static void Write(ref MessagePackWriter writer, PageEntry entry)
    {
        if (entry.Kind == LogEntryKind.Gap)
        {
            writer.WriteArrayHeader(5);
            writer.Write((long)entry.Kind);
            writer.Write((long)entry.Output);
            writer.Write(entry.Offset);
            writer.Write(entry.Length);
            writer.Write((long)entry.Gap);
            return;
        }

        writer.WriteArrayHeader(12);
        writer.Write((long)entry.Kind);
        writer.Write((long)entry.Output);
        writer.Write(entry.Offset);
        writer.Write(entry.Length);
        writer.Write(entry.Number);
        writer.Write(entry.Index);
        writer.Write(entry.TimeMicros);
        writer.Write(entry.Head.Span);
        writer.Write(entry.Tail.Span);
        writer.Write(entry.Omitted);
        writer.Write(entry.Ends);
        writer.Write(entry.Redraws);
    }

    private static PageEntry ReadPageEntry(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var kind = (LogEntryKind)fields.Int32(ref reader);
        var entry = new PageEntry { Kind = kind, Output = fields.Output(ref reader), Offset = fields.Int64(ref reader), Length = fields.Int64(ref reader) };
        entry = kind == LogEntryKind.Gap
            ? entry with { Gap = (GapReason)fields.Int32(ref reader) }
            : entry with
            {
                Number = fields.Int64(ref reader),
                Index = fields.Int64(ref reader),
                TimeMicros = fields.Int64(ref reader),
                Head = fields.Binary(ref reader),
                Tail = fields.Binary(ref reader),
                Omitted = fields.Int64(ref reader),
                Ends = fields.Boolean(ref reader, fallback: false),
                Redraws = fields.Int64(ref reader),
            };
        fields.End(ref reader);
        return entry;
    }
}
