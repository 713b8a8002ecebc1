namespace Relay.Contracts.Protocol;

/// <content>WatchRequest, PresenceEvent.</content>
internal static partial class ContractCodec
{
    private static void Write(ref MessagePackWriter writer, WatchRequest request)
    {
        writer.WriteArrayHeader(3);
        writer.Write(request.Version);
        writer.Write(request.Session);
        WriteOutputs(ref writer, request.Outputs);
    }

    private static WatchRequest ReadWatchRequest(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var request = new WatchRequest
        {
            Version = fields.Int32(ref reader, fallback: InitialVersion),
            Session = fields.String(ref reader),
            Outputs = fields.Outputs(ref reader),
        };
        fields.End(ref reader);
        return request;
    }

    private static void Write(ref MessagePackWriter writer, PresenceEvent presence)
    {
        writer.WriteArrayHeader(5);
        writer.Write((long)presence.Kind);
        writer.Write(presence.Session);
        writer.Write((long)presence.Output);
        writer.Write(presence.TimeMicros);
        writer.WriteOrNil(presence.ExitCode);
    }

    private static PresenceEvent ReadPresenceEvent(ref MessagePackReader reader)
    {
        var fields = new FieldReader(ref reader);
        var presence = new PresenceEvent
        {
            Kind = (PresenceKind)fields.Int32(ref reader),
            Session = fields.String(ref reader),
            Output = fields.Output(ref reader),
            TimeMicros = fields.Int64(ref reader),
            ExitCode = fields.Int32OrNull(ref reader),
        };
        fields.End(ref reader);
        return presence;
    }
}
