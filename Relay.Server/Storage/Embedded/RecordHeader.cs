using System.Buffers.Binary;
using Relay.Contracts;

namespace Relay.Server.Storage.Embedded;

/// <summary>What a record on disk is.</summary>
internal enum RecordKind : byte
{
    None = 0,
    Data = 1,

    /// <summary>Bytes the writer lost. Payload: <see cref="GapNote"/>.</summary>
    Gap = 2,

    /// <summary>A lease of one output. Payload: <see cref="GrantNote"/>.</summary>
    Grant = 3,

    /// <summary>A writer left an output in good order. No payload.</summary>
    Release = 4,

    /// <summary>The session completed. Payload: <see cref="CompletionNote"/>.</summary>
    Complete = 5,
}

/// <summary>
/// Head of every record. The head's own checksum is salted with the segment's random key, so that neither stale bytes of another
/// segment nor a payload that imitates a record ever passes for one.
/// <code>
///  0  u32  crc-32c of bytes 4–55, begun from the segment's key
///  4  u32  payload length
///  8  u32  payload crc-32c
/// 12  u8   kind        13  u8  output (0: the session)      14  u16  zero
/// 16  i64  sequence
/// 24  i64  offset: the output's length before this record
/// 32  i64  fencing number of the lease
/// 40  i64  utc microseconds
/// 48  u32  running crc-32c of the output, this record included
/// 52  u32  newlines in the payload
/// </code>
/// Little endian.
/// </summary>
internal readonly record struct RecordHeader(
    RecordKind Kind, OutputType Output, int PayloadLength, uint PayloadCrc, long Sequence, long Offset, long Fencing, long TimeMicros, uint RunningCrc, int Newlines)
{
    public const int Size = 56;

    /// <summary>Longest payload. Longer data is stored as several records. With all that stands around it, a record then fits the 64 KiB buffers of the
    /// pools: in a file reader, in a hub message and in the transport, so that a stuck reader costs few of them.</summary>
    public const int MaxPayload = 48 * 1024;

    /// <summary>Where each piece ends when data is cut into as few records as hold it.</summary>
    public static int[] EndsOfPieces(int bytes)
    {
        var ends = new int[(bytes + MaxPayload - 1) / MaxPayload];
        for (var i = 0; i < ends.Length; i++)
        {
            ends[i] = Math.Min((i + 1) * MaxPayload, bytes);
        }

        return ends;
    }

    public int RecordLength => Size + PayloadLength;

    public void Write(Span<byte> target, uint salt)
    {
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], PayloadLength);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], PayloadCrc);
        target[12] = (byte)Kind;
        target[13] = (byte)Output;
        target[14] = target[15] = 0;
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], Offset);
        BinaryPrimitives.WriteInt64LittleEndian(target[32..], Fencing);
        BinaryPrimitives.WriteInt64LittleEndian(target[40..], TimeMicros);
        BinaryPrimitives.WriteUInt32LittleEndian(target[48..], RunningCrc);
        BinaryPrimitives.WriteInt32LittleEndian(target[52..], Newlines);
        BinaryPrimitives.WriteUInt32LittleEndian(target, Crc32C.Append(salt, target[4..Size]));
    }

    /// <summary>Reads and verifies a head; <c>false</c> when these bytes are not one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, uint salt, out RecordHeader header)
    {
        header = default;
        if (source.Length < Size)
        {
            return false;
        }

        // Cheap refusals first: a search for the next record tries every byte.
        var kind = (RecordKind)source[12];
        var length = BinaryPrimitives.ReadInt32LittleEndian(source[4..]);
        if (kind is < RecordKind.Data or > RecordKind.Complete || source[13] > (byte)OutputType.Stderr || length is < 0 or > MaxPayload
            || BinaryPrimitives.ReadUInt32LittleEndian(source) != Crc32C.Append(salt, source[4..Size]))
        {
            return false;
        }

        header = new RecordHeader(
            kind,
            (OutputType)source[13],
            length,
            BinaryPrimitives.ReadUInt32LittleEndian(source[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[40..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[48..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[52..]));
        return true;
    }
}
