using System.Diagnostics.CodeAnalysis;
using Relay.Contracts;

namespace Relay.Client.Writing;

/// <summary>What one grant allows: which bytes go where, and how many items at a time. Lives as long as its connection.</summary>
internal sealed class RunGrant
{
    private readonly Dictionary<OutputType, OffsetMap> _maps;
    private readonly Dictionary<OutputType, long> _next;
    private readonly UploadWindow _window;
    private (OutputType Output, long Position, ReadOnlyMemory<byte> Bytes)? _held;

    public RunGrant(WriteAck ack)
    {
        _maps = ack.Outputs.ToDictionary(progress => progress.Output, OffsetMap.From);
        _next = ack.Outputs.ToDictionary(progress => progress.Output, progress => progress.Stored);
        _window = new UploadWindow(Math.Max(1, ack.Window));
    }

    public bool HasRoom => _window.HasRoom;

    /// <summary>Whether bytes wait behind the gap that was sent before them.</summary>
    public bool IsHolding => _held is not null;

    public long PositionOf(OutputType output, long offset) => _maps[output].ToPosition(offset);

    /// <summary>The bytes as an item; or, when bytes before them are missing, first a gap in their place: then they come with <see cref="TryTakeHeld"/>.</summary>
    public WriteItem Send(OutputType output, long position, ReadOnlyMemory<byte> bytes)
    {
        if (TryCloseGap(output, position, out var gap))
        {
            _held = (output, position, bytes);
            return gap;
        }

        var offset = Advance(output, position + bytes.Length) - bytes.Length;
        return new WriteItem { Kind = WriteItemKind.Data, Output = output, Offset = offset, Data = bytes };
    }

    public bool TryTakeHeld([NotNullWhen(true)] out WriteItem? item)
    {
        item = null;
        if (_held is { } held)
        {
            _held = null;
            item = Send(held.Output, held.Position, held.Bytes);
        }

        return item is not null;
    }

    /// <summary>Declares what is missing of the output up to <paramref name="position"/>, if anything is.</summary>
    public bool TryCloseGap(OutputType output, long position, [NotNullWhen(true)] out WriteItem? gap)
    {
        var length = position - _next[output];
        gap = length <= 0 ? null : new WriteItem
        {
            Kind = WriteItemKind.Gap,
            Output = output,
            Offset = Advance(output, position) - length,
            Length = length,
        };
        return gap is not null;
    }

    public void Acknowledged(OutputProgress progress) => _window.Acknowledged(progress.Output, progress.WrittenTo);

    /// <returns>The offset behind the item.</returns>
    private long Advance(OutputType output, long position)
    {
        _next[output] = position;
        var end = _maps[output].ToOffset(position);
        _window.Sent(output, end);
        return end;
    }
}
