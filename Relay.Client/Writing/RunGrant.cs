using System.Diagnostics.CodeAnalysis;
using Relay.Contracts;

namespace Relay.Client.Writing;

/// <summary>What one grant allows: which bytes go where, and how many items at a time. Lives as long as its connection.</summary>
internal sealed class RunGrant
{
    // As much as relays can be set to. The window is counted item by item, so a larger one would be a list without bound.
    private const int MaxWindow = 1024;
    private const long MaxOffset = 1L << 53;

    private readonly Dictionary<OutputType, OffsetMap> _maps;
    private readonly Dictionary<OutputType, long> _next;
    private readonly UploadWindow _window;
    private (OutputType Output, long Position, ReadOnlyMemory<byte> Bytes)? _held;

    /// <exception cref="InvalidDataException">No relay grants so.</exception>
    public RunGrant(WriteAck ack, IReadOnlyCollection<OutputType> outputs)
    {
        if (!outputs.All(output => ack.Outputs.Count(granted => granted.Output == output) == 1))
        {
            throw new InvalidDataException("the relay's grant does not say once for each output where to go on.");
        }

        if (ack.Outputs.FirstOrDefault(granted => granted is { Stored: < 0 or > MaxOffset } or { WrittenTo: < 0 or > MaxOffset }) is { Output: not OutputType.None } odd)
        {
            throw new InvalidDataException($"the relay's grant says that {odd.Output} has {odd.WrittenTo} bytes, {odd.Stored} of them this run's.");
        }

        _maps = ack.Outputs.ToDictionary(progress => progress.Output, OffsetMap.From);
        _next = ack.Outputs.ToDictionary(progress => progress.Output, progress => progress.Stored);
        _window = new UploadWindow(Math.Clamp(ack.Window, 1, MaxWindow));
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

        var offset = Advance(output, position + bytes.Length, bytes.Length) - bytes.Length;
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
            Offset = Advance(output, position, bytes: 0) - length,
            Length = length,
        };
        return gap is not null;
    }

    /// <exception cref="InvalidDataException">More is acknowledged than was sent. Who believed it would drop bytes that nobody has.</exception>
    public void ThrowIfBeyondSent(OutputProgress progress)
    {
        if (!_maps.TryGetValue(progress.Output, out var map) || Math.Max(progress.WrittenTo, progress.DurableTo) > map.ToOffset(_next[progress.Output]))
        {
            throw new InvalidDataException($"the relay acknowledged {progress.Output} up to {progress.WrittenTo} (durable {progress.DurableTo}), beyond what it was sent.");
        }
    }

    public void Acknowledged(OutputProgress progress) => _window.Acknowledged(progress.Output, progress.WrittenTo);

    /// <returns>The offset behind the item.</returns>
    private long Advance(OutputType output, long position, int bytes)
    {
        _next[output] = position;
        var end = _maps[output].ToOffset(position);
        _window.Sent(output, end, bytes);
        return end;
    }
}
