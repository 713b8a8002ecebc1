namespace Relay.Contracts.Protocol;

/// <content>SearchRequest, SearchBatch.</content>
internal static partial class ContractCodec
{
    private static void Write(ref MessagePackWriter writer, SearchRequest request)
    {
        writer.WriteArrayHeader(11);
        writer.Write(request.Version);
        writer.Write(request.Session);
        WriteOutputs(ref writer, request.Outputs);
        writer.Write(request.Pattern);
        writer.Write(request.IsRegex);
        writer.Write(request.MatchCase);
        writer.Write((long)request.MinLevel);
        writer.Write(request.From);
        writer.Write(request.Backwards);
        writer.Write(request.Limit);
        writer.Write(request.WithLines);
    }

    private static SearchRequest ReadSearchRequest(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var request = new SearchRequest
        {
            Version = fields.Int32(ref reader, fallback: InitialVersion),
            Session = fields.String(ref reader),
            Outputs = fields.Outputs(ref reader),
            Pattern = fields.String(ref reader),
            IsRegex = fields.Boolean(ref reader, fallback: false),
            MatchCase = fields.Boolean(ref reader, fallback: false),
            MinLevel = (LineLevel)fields.Int32(ref reader),
            From = fields.Int64(ref reader),
            Backwards = fields.Boolean(ref reader, fallback: false),
            Limit = fields.Int32(ref reader, fallback: SearchRequest.MaxMatches),
            WithLines = fields.Boolean(ref reader, fallback: false),
        };
        fields.End(ref reader);
        return request;
    }

    private static void Write(ref MessagePackWriter writer, SearchBatch batch)
    {
        writer.WriteArrayHeader(6);
        WriteNumbers(ref writer, batch.Positions);

        writer.WriteArrayHeader(batch.Lines.Count);
        foreach (var line in batch.Lines)
        {
            Write(ref writer, line);
        }

        writer.Write(batch.Searched);
        writer.Write(batch.Total);
        writer.Write(batch.Next);
        writer.Write((long)batch.End);
    }

    private static SearchBatch ReadSearchBatch(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var batch = new SearchBatch
        {
            Positions = fields.Numbers(ref reader),
            Lines = fields.ListOrNull(ref reader, ReadPageEntry) ?? [],
            Searched = fields.Int64(ref reader),
            Total = fields.Int64(ref reader),
            Next = fields.Int64(ref reader),
            End = (SearchEnd)fields.Int32(ref reader),
        };
        fields.End(ref reader);
        return batch;
    }
}
