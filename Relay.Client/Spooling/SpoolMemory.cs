using Relay.Client.Writing;
using Relay.Contracts;

namespace Relay.Client.Spooling;

/// <summary>
/// Bytes of the spool that are in memory beside the files, so that a relay that keeps up is fed without reading a file. What finds no room is
/// in its file only: nothing waits for memory.
/// </summary>
/// <remarks>
/// <code>
///   files   │ released │ sent, not durable │ not sent                                │
///   memory             │      on their way │ kept │ no room: in the file only │ kept │  ◄─ written
/// </code>
/// A block is used again when the relay has written what was sent from it: then no connection needs it any more. Of what was sent on a connection
/// that is lost nobody knows that, so its blocks are left to the garbage collector.
/// </remarks>
internal sealed class SpoolMemory
{
    /// <summary>Most of it: 12 MiB.</summary>
    public const int MostBlocks = 12 * 1024 * 1024 / SpoolBlock.Size;

    // The rest is for what is read from files: it has to become items, and would be garbage else.
    private const int MostBlocksWithKept = 2 * MostBlocks / 3;

    // Both outputs in turn, byte by byte: then the pieces would be the burden.
    private const int MostKept = 8 * 1024;

    private const int SpareAtRest = 4;

    private readonly Queue<SpoolPiece> _kept = new();
    private readonly Queue<SpoolPiece> _underWay = new();
    private readonly Stack<SpoolBlock> _spare = new();
    private readonly long[] _writtenTo = new long[OutputTypes.All.Count];
    private SpoolPiece? _lastKept;
    private SpoolBlock? _keeping;
    private SpoolBlock? _reading;

    /// <summary>Blocks that are in use or wait to be.</summary>
    public int Blocks { get; private set; }

    /// <summary>Copies bytes that are being written. They count once <see cref="Keep"/> says where they were written to.</summary>
    /// <returns>The copy; nothing when there is no room.</returns>
    public ReadOnlyMemory<byte> Copy(ReadOnlySpan<byte> bytes)
    {
        if (_kept.Count >= MostKept || !HasRoom(ref _keeping, bytes.Length, MostBlocksWithKept))
        {
            return default;
        }

        var copy = _keeping!.Bytes.AsMemory(_keeping.Filled, bytes.Length);
        bytes.CopyTo(copy.Span);
        return copy;
    }

    /// <summary>What was copied last is in a segment now.</summary>
    /// <param name="output">The output.</param>
    /// <param name="position">Position of the first byte.</param>
    /// <param name="length">How many bytes were copied.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="recordBytes">What they take at its end.</param>
    /// <param name="mostInItem">How long a piece may become: it is sent as one item.</param>
    public void Keep(OutputType output, long position, int length, SpoolSegment segment, int recordBytes, int mostInItem)
    {
        var from = segment.Length - recordBytes;
        if (_lastKept is { } last && last.Output == output && last.End == position && last.IsLastIn(_keeping!)
            && last.Segment == segment.Number && last.To == from && last.Length + length <= mostInItem)
        {
            last.Grow(length, segment.Length);
            return;
        }

        _lastKept = new SpoolPiece(_keeping!, _keeping!.Filled, output, position) { Segment = segment.Number, From = from };
        _lastKept.Grow(length, segment.Length);
        _keeping.Pieces++;
        _kept.Enqueue(_lastKept);
    }

    /// <summary>The piece that begins there. Pieces before that place are forgotten: they were given up with their segment, or the relay has them.</summary>
    public SpoolPiece? At(long segment, long offset)
    {
        while (_kept.TryPeek(out var piece) && (piece.Segment, piece.From).CompareTo((segment, offset)) < 0)
        {
            Forget();
        }

        return _kept.TryPeek(out var next) && next.Segment == segment && next.From == offset ? next : null;
    }

    /// <summary>Where the first piece begins, if it is in this segment.</summary>
    public long? FirstIn(long segment) => _kept.TryPeek(out var piece) && piece.Segment == segment ? piece.From : null;

    /// <summary>Forgets the piece that is next.</summary>
    public void Forget() => Release(TakeNext());

    /// <summary>The piece that is next was sent.</summary>
    public void Sent() => _underWay.Enqueue(TakeNext());

    /// <summary>Memory for an item that is read from files.</summary>
    /// <returns>As much as there is behind the last one, up to <paramref name="most"/>; at least one item of the common size, if that is asked for.</returns>
    public Memory<byte> ToRead(int most)
    {
        if (!HasRoom(ref _reading, Math.Min(most, ReplayBuffer.MaxItemBytes), MostBlocks))
        {
            return GC.AllocateUninitializedArray<byte>(most);
        }

        return _reading!.Bytes.AsMemory(_reading.Filled, Math.Min(most, _reading.Room));
    }

    /// <summary>What was read to <paramref name="item"/> was sent.</summary>
    public void Sent(ReadOnlyMemory<byte> item, OutputType output, long position)
    {
        if (_reading is null || !System.Runtime.InteropServices.MemoryMarshal.TryGetArray(item, out var part) || part.Array != _reading.Bytes)
        {
            return; // Memory of its own.
        }

        var piece = new SpoolPiece(_reading, part.Offset, output, position);
        piece.Grow(part.Count, to: 0);
        _reading.Pieces++;
        _underWay.Enqueue(piece);
    }

    /// <summary>The relay has written the output up to there.</summary>
    public void Written(OutputType output, long position)
    {
        _writtenTo[SpoolLane.Slot(output)] = Math.Max(_writtenTo[SpoolLane.Slot(output)], position);
        while (_underWay.TryPeek(out var piece) && piece.End <= _writtenTo[SpoolLane.Slot(piece.Output)])
        {
            Release(_underWay.Dequeue());
        }

        if (_underWay.Count == 0 && _kept.Count == 0)
        {
            for (; _spare.Count > SpareAtRest; Blocks--)
            {
                _spare.Pop();
            }
        }
    }

    /// <summary>A new connection: all of it is read from the files.</summary>
    public void Clear()
    {
        _kept.Clear();
        _underWay.Clear();
        _spare.Clear();
        Array.Clear(_writtenTo);
        (_keeping, _reading, _lastKept, Blocks) = (null, null, null, 0);
    }

    private SpoolPiece TakeNext()
    {
        var piece = _kept.Dequeue();
        _lastKept = piece == _lastKept ? null : _lastKept; // What was sent does not grow.
        return piece;
    }

    /// <summary>Goes on with the block, or with another one when what is left of it is too little.</summary>
    private bool HasRoom(ref SpoolBlock? block, int bytes, int mostBlocks)
    {
        if (block is not null && block.Room >= bytes)
        {
            return true;
        }

        if (block is { Pieces: 0 })
        {
            block.Filled = 0;
            return true;
        }

        if (Blocks - _spare.Count >= mostBlocks)
        {
            return false;
        }

        if (!_spare.TryPop(out var next))
        {
            next = new SpoolBlock();
            Blocks++;
        }

        block = next; // Whoever has a piece of the last one gives it back.
        return true;
    }

    private void Release(SpoolPiece piece)
    {
        var block = piece.Block;
        if (--block.Pieces > 0)
        {
            return;
        }

        block.Filled = 0;
        if (block != _keeping && block != _reading)
        {
            _spare.Push(block);
        }
    }
}
