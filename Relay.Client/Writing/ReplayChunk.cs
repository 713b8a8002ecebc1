using System.Numerics;
using Relay.Contracts;

namespace Relay.Client.Writing;

/// <summary>Bytes of one output that are sent in one item, and a link to what was written next.</summary>
internal sealed class ReplayChunk
{
    /// <summary>The most of a writer that keeps up: what the relay stores as one record.</summary>
    public const int MaxBytes = ReplayBuffer.MaxItemBytes;

    /// <summary>The most of one that has fallen behind: four records in one item, since each item costs as much as many bytes.</summary>
    public const int LargeBytes = 4 * ReplayBuffer.MaxItemBytes;

    // What a chunk costs besides its bytes: object, array header, link. Without it a million one-byte writes would break the bound.
    private const int Overhead = 128;
    private const int SmallestBlock = 256;
    private const int LargeStep = 16 * 1024;

    private byte[] _bytes;

    public ReplayChunk(OutputType output, long position, int firstBytes)
        : this(output, position, GC.AllocateUninitializedArray<byte>(BlockFor(firstBytes)))
    {
    }

    public ReplayChunk(OutputType output, long position, byte[] block) => (Output, Position, _bytes) = (output, position, block);

    public OutputType Output { get; }

    /// <summary>Position of the first byte within the run's bytes of this output.</summary>
    public long Position { get; }

    public int Length { get; private set; }

    public long End => Position + Length;

    public ReplayChunk? Next { get; set; }

    public int Cost => _bytes.Length + Overhead;

    /// <summary>Its memory if it is a large one, which is worth using again.</summary>
    public byte[]? LargeBlock => _bytes.Length == LargeBytes ? _bytes : null;

    public static int CostOf(int bytes) => BlockFor(bytes) + Overhead;

    public int CostOfGrowing(int bytes) => Math.Max(BlockFor(Length + bytes) - _bytes.Length, 0);

    /// <summary>Whether it takes so many more bytes.</summary>
    public bool HasRoomFor(int bytes) => Length + bytes <= Math.Max(MaxBytes, _bytes.Length);

    /// <summary>Adds at the end. Bytes that were handed out stay as they are: growing copies, it does not move.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (Length + bytes.Length > _bytes.Length)
        {
            var larger = GC.AllocateUninitializedArray<byte>(BlockFor(Length + bytes.Length));
            _bytes.AsSpan(0, Length).CopyTo(larger);
            _bytes = larger;
        }

        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    public ReadOnlyMemory<byte> From(long position) => _bytes.AsMemory((int)(position - Position), (int)(End - position));

    private static int BlockFor(int bytes) => bytes <= LargeStep
        ? Math.Max(SmallestBlock, (int)BitOperations.RoundUpToPowerOf2((uint)bytes))
        : (bytes + LargeStep - 1) / LargeStep * LargeStep;
}
