using System.Buffers.Binary;
using Relay.Contracts;

namespace Relay.Server.Storage.Embedded;

/// <summary>
/// First page of a segment file. Copies and slots lie in sectors of their own, so that no single torn or rotten sector takes both.
/// <code>
///    0  header              512  the same header again
/// 1024  watermark slot A   1536  watermark slot B          4096  first record
/// header:  0 "SLRSEG01"   8 u32 crc of 12–127   12 u32 zero   16 i64 incarnation   24 u64 key   32 i64 first sequence   40 tally before the first record
/// slot:    0 u32 crc of 4–95, begun from the key   4 u32 zero   8 i64 position: everything before it is durable   16 tally there
/// </code>
/// A slot is written after each fsync, in turn; so the newer valid one is the durable watermark, at most one fsync late after a power loss.
/// </summary>
internal sealed record SegmentHeader(long Incarnation, ulong Key, long FirstSequence, LogTally Base)
{
    public const int PageSize = 4096;
    private const int CopyAt = 512;
    private const int HeaderSize = 128;
    private const int SlotAt = 1024;
    private const int SlotSpacing = 512;
    private const int SlotSize = 16 + LogTally.Size;
    private static ReadOnlySpan<byte> Magic => "SLRSEG01"u8;

    /// <summary>The key in the form in which checksums begin from it.</summary>
    public uint Salt { get; } = SaltOf(Key);

    /// <summary>The whole first page, without a watermark.</summary>
    public byte[] ToPage()
    {
        var page = new byte[PageSize];
        var header = page.AsSpan(0, HeaderSize);
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], Incarnation);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], Key);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], FirstSequence);
        Base.Write(header[40..]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[8..], Crc32C.Append(0, header[12..]));
        header.CopyTo(page.AsSpan(CopyAt));
        return page;
    }

    /// <summary>Reads the first page; null when neither copy of the header is whole.</summary>
    public static SegmentHeader? Read(ReadOnlySpan<byte> page) =>
        page.Length < SlotAt ? null : ReadCopy(page[..HeaderSize]) ?? ReadCopy(page.Slice(CopyAt, HeaderSize));

    /// <summary>The newest whole watermark, or the start of the segment.</summary>
    public Watermark ReadWatermark(ReadOnlySpan<byte> page)
    {
        var newest = new Watermark(PageSize, Base);
        for (var slot = 0; slot < 2; slot++)
        {
            var at = SlotAt + (slot * SlotSpacing);
            if (page.Length < at + SlotSize)
            {
                continue;
            }

            var bytes = page.Slice(at, SlotSize);
            var position = BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]);
            if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) == Crc32C.Append(Salt, bytes[4..]) && position > newest.Position)
            {
                newest = new Watermark(position, LogTally.Read(bytes[16..]));
            }
        }

        return newest;
    }

    /// <summary>The bytes of a watermark slot and their place in the file.</summary>
    public (byte[] Bytes, long Position) ToSlot(Watermark watermark, int slot)
    {
        var bytes = new byte[SlotSize];
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), watermark.Position);
        watermark.Tally.Write(bytes.AsSpan(16));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Crc32C.Append(Salt, bytes.AsSpan(4)));
        return (bytes, SlotAt + (slot * SlotSpacing));
    }

    private static SegmentHeader? ReadCopy(ReadOnlySpan<byte> header)
    {
        if (!header.StartsWith(Magic) || BinaryPrimitives.ReadUInt32LittleEndian(header[8..]) != Crc32C.Append(0, header[12..]))
        {
            return null;
        }

        return new SegmentHeader(
            BinaryPrimitives.ReadInt64LittleEndian(header[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(header[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(header[32..]),
            LogTally.Read(header[40..]));
    }

    private static uint SaltOf(ulong key)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, key);
        return Crc32C.Append(0, bytes);
    }
}

/// <summary>Everything before <paramref name="Position"/> of a segment is durable; the log stood at <paramref name="Tally"/> there.</summary>
internal readonly record struct Watermark(long Position, LogTally Tally);
