namespace Relay.Contracts.Protocol;

/// <content>WriteRequest, WriteItem, Total, WriteAck, Progress.</content>
internal static partial class ContractCodec
{
    private static void Write(ref MessagePackWriter writer, WriteRequest request)
    {
        writer.WriteArrayHeader(6);
        writer.Write(request.Version);
        writer.Write(request.Session);
        writer.Write(request.RunId);
        writer.Write(request.Attempt);
        WriteOutputs(ref writer, request.Outputs);
        writer.Write(request.Incarnation);
    }

    private static WriteRequest ReadWriteRequest(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var request = new WriteRequest
        {
            Version = fields.Int32(ref reader, fallback: InitialVersion),
            Session = fields.String(ref reader),
            RunId = fields.String(ref reader),
            Attempt = fields.Int32(ref reader, fallback: 1),
            Outputs = fields.Outputs(ref reader),
            Incarnation = fields.Int64(ref reader),
        };
        fields.End(ref reader);
        return request;
    }

    private static void Write(ref MessagePackWriter writer, WriteItem item)
    {
        var isData = item.Kind == WriteItemKind.Data;
        writer.WriteArrayHeader(isData ? 4 : 7);
        writer.Write((long)item.Kind);
        writer.Write((long)item.Output);
        writer.Write(item.Offset);
        writer.Write(item.Data.Span);
        if (isData)
        {
            return;
        }

        writer.Write(item.Length);
        writer.WriteOrNil(item.ExitCode);
        WriteTotals(ref writer, item.Totals);
    }

    private static WriteItem ReadWriteItem(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var (kind, output, offset) = ((WriteItemKind)fields.Int32(ref reader), fields.Output(ref reader), fields.Int64(ref reader));
        byte[]? rented = null;
        var data = reader.RentsItems ? fields.Rented(ref reader, out rented) : fields.Binary(ref reader);
        var item = (reader.RentsItems ? new RentedWriteItem(rented) : new WriteItem()) with
        {
            Kind = kind,
            Output = output,
            Offset = offset,
            Data = data,
            Length = fields.Int64(ref reader),
            ExitCode = fields.Int32OrNull(ref reader),
            Totals = fields.ListOrNull(ref reader, ReadTotal) ?? [],
        };
        fields.End(ref reader);
        return item;
    }

    private static void WriteTotals(ref MessagePackWriter writer, IReadOnlyList<OutputTotal> totals)
    {
        writer.WriteArrayHeader(totals.Count);
        for (var i = 0; i < totals.Count; i++)
        {
            Write(ref writer, totals[i]);
        }
    }

    private static void Write(ref MessagePackWriter writer, in OutputTotal total)
    {
        writer.WriteArrayHeader(3);
        writer.Write((long)total.Output);
        writer.Write(total.Bytes);
        writer.Write(total.Crc32C);
    }

    private static OutputTotal ReadTotal(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var total = new OutputTotal(fields.Output(ref reader), fields.Int64(ref reader), fields.UInt32(ref reader));
        fields.End(ref reader);
        return total;
    }

    private static void Write(ref MessagePackWriter writer, WriteAck ack)
    {
        writer.WriteArrayHeader(5);
        writer.Write((long)ack.Kind);
        writer.WriteArrayHeader(ack.Outputs.Count);
        for (var i = 0; i < ack.Outputs.Count; i++)
        {
            Write(ref writer, ack.Outputs[i]);
        }

        writer.Write(ack.Incarnation);
        writer.Write(ack.FencingNumber);
        writer.Write(ack.Window);
    }

    private static WriteAck ReadWriteAck(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var ack = new WriteAck
        {
            Kind = (WriteAckKind)fields.Int32(ref reader),
            Outputs = fields.ListOrNull(ref reader, ReadProgress) ?? [],
            Incarnation = fields.Int64(ref reader),
            FencingNumber = fields.Int64(ref reader),
            Window = fields.Int32(ref reader),
        };
        fields.End(ref reader);
        return ack;
    }

    private static void Write(ref MessagePackWriter writer, in OutputProgress progress)
    {
        writer.WriteArrayHeader(6);
        writer.Write((long)progress.Output);
        writer.Write(progress.WrittenTo);
        writer.Write(progress.DurableTo);
        writer.Write(progress.Base);
        writer.Write(progress.Stored);
        writer.Write((long)progress.Verdict);
    }

    private static OutputProgress ReadProgress(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var progress = new OutputProgress
        {
            Output = fields.Output(ref reader),
            WrittenTo = fields.Int64(ref reader),
            DurableTo = fields.Int64(ref reader),
            Base = fields.Int64(ref reader),
            Stored = fields.Int64(ref reader),
            Verdict = (Verdict)fields.Int32(ref reader),
        };
        fields.End(ref reader);
        return progress;
    }
}
