using System.Buffers.Binary;
using Relay.Contracts;

namespace Relay.Client.Spooling;

/// <summary>
/// Header of a record: bytes of one output that were taken together, and behind them the checkpoint, if one came with them.
/// </summary>
/// <remarks>
/// <code>
///  0            4           8        12         16       17         18           20            28         32
///  ├────────────┼───────────┼────────┼──────────┼────────┼──────────┼────────────┼─────────────┼──────────┤
///  │ header crc │ body crc  │ length │ reserved │ output │ reserved │ checkpoint │  position   │ run crc  │ bytes │ checkpoint │
/// </code>
/// Little endian. header crc: CRC-32C of bytes 4–31. body crc: of bytes and checkpoint. position: of the first byte within the run's bytes of
/// the output. run crc: of all the run's bytes of the output up to the end of this record.
/// </remarks>
internal readonly record struct SpoolRecord(OutputType Output, int Length, int CheckpointLength, long Position, uint RunCrc, uint BodyCrc)
{
    public const int HeaderBytes = 32;
    public const int MaxCheckpointBytes = 256;
    public const int MaxBytes = HeaderBytes + Writing.ReplayBuffer.MaxItemBytes + MaxCheckpointBytes;

    public int TotalBytes => HeaderBytes + Length + CheckpointLength;

    public long End => Position + Length;

    /// <summary>Reads a header that is whole. Its body may not be.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out SpoolRecord record)
    {
        record = default;
        if (source.Length < HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(source) != Crc32C.Append(0, source[4..HeaderBytes]))
        {
            return false;
        }

        record = new SpoolRecord(
            (OutputType)source[16],
            BinaryPrimitives.ReadInt32LittleEndian(source[8..]),
            BinaryPrimitives.ReadUInt16LittleEndian(source[18..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[20..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[28..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[4..]));
        return record.TotalBytes <= MaxBytes && OutputTypes.All.Contains(record.Output);
    }

    /// <summary>The header of a record whose last byte is the last one of <paramref name="after"/>.</summary>
    public static void WriteHeader(Span<byte> target, OutputType output, SpoolLane after, int length, int checkpointLength, uint bodyCrc)
    {
        var header = target[..HeaderBytes];
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], bodyCrc);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], length);
        header[16] = (byte)output;
        BinaryPrimitives.WriteUInt16LittleEndian(header[18..], (ushort)checkpointLength);
        BinaryPrimitives.WriteInt64LittleEndian(header[20..], after.Accepted - length);
        BinaryPrimitives.WriteUInt32LittleEndian(header[28..], after.Crc);
        BinaryPrimitives.WriteUInt32LittleEndian(header, Crc32C.Append(0, header[4..]));
    }

    /// <summary>Whether the body, as read, is what was written.</summary>
    public bool Matches(ReadOnlySpan<byte> body) => Crc32C.Append(0, body) == BodyCrc;
}
