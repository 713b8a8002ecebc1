using Relay.Contracts;

namespace Relay.Client.Spooling;

/// <summary>Memory that holds pieces, one behind the other. It is used again once nobody needs any of them.</summary>
internal sealed class SpoolBlock
{
    public const int Size = Writing.ReplayChunk.LargeBytes;

    public byte[] Bytes { get; } = GC.AllocateUninitializedArray<byte>(Size);

    /// <summary>How much of it pieces have taken.</summary>
    public int Filled { get; set; }

    /// <summary>Pieces in it that somebody still needs.</summary>
    public int Pieces { get; set; }

    public int Room => Size - Filled;
}

/// <summary>Bytes of one output that are in memory: kept since they were written, or read for one item.</summary>
internal sealed class SpoolPiece(SpoolBlock block, int start, OutputType output, long position)
{
    public SpoolBlock Block => block;

    public OutputType Output => output;

    /// <summary>Position of the first byte within the run's bytes of the output.</summary>
    public long Position => position;

    public int Length { get; private set; }

    public long End => position + Length;

    /// <summary>Of a piece that was kept: the segment that has it too.</summary>
    public long Segment { get; init; }

    /// <summary>Of a piece that was kept: where its first record begins within the segment.</summary>
    public long From { get; init; }

    /// <summary>Of a piece that was kept: where its last record ends.</summary>
    public long To { get; private set; }

    /// <summary>Whether the next bytes of the block are its next ones.</summary>
    public bool IsLastIn(SpoolBlock other) => other == block && start + Length == block.Filled;

    /// <summary>The next bytes of the block belong to it, and end there in the segment.</summary>
    public void Grow(int bytes, long to)
    {
        block.Filled += bytes;
        Length += bytes;
        To = to;
    }

    public ReadOnlyMemory<byte> Behind(long sent) => block.Bytes.AsMemory(start + (int)(sent - position), (int)(End - sent));
}
