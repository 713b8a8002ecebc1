using Relay.Contracts;

namespace Relay.Client.Writing;

/// <summary>What one grant allows: which bytes go where, and how many items at a time. Lives as long as its connection.</summary>
internal sealed class RunGrant
{
    private readonly Dictionary<OutputType, OffsetMap> _maps;
    private readonly Queue<WriteItem> _gaps = new();
    private readonly UploadWindow _window;

    public RunGrant(WriteAck ack)
    {
        _maps = ack.Outputs.ToDictionary(progress => progress.Output, OffsetMap.From);
        _window = new UploadWindow(Math.Max(1, ack.Window));
    }

    public bool HasRoom => _window.HasRoom;

    public long PositionOf(OutputType output, long offset) => _maps[output].ToPosition(offset);

    /// <summary>The relay wants bytes that are no longer held: offsets go on behind a gap.</summary>
    public void DeclareLost(OutputType output, long length) => _gaps.Enqueue(new WriteItem
    {
        Kind = WriteItemKind.Gap,
        Output = output,
        Offset = _maps[output].WrittenTo,
        Length = length,
    });

    public bool TryTakeGap(out WriteItem? gap)
    {
        if (_gaps.TryDequeue(out gap))
        {
            _window.Sent(gap.Output, gap.Offset + gap.Length);
        }

        return gap is not null;
    }

    public WriteItem Send(OutputType output, long position, ReadOnlyMemory<byte> bytes)
    {
        var offset = _maps[output].ToOffset(position);
        _window.Sent(output, offset + bytes.Length);
        return new WriteItem { Kind = WriteItemKind.Data, Output = output, Offset = offset, Data = bytes };
    }

    public void Acknowledged(OutputProgress progress) => _window.Acknowledged(progress.Output, progress.WrittenTo);
}
