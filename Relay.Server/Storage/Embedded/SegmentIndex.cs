using System.Buffers.Binary;
using Relay.Contracts;

namespace Relay.Server.Storage.Embedded;

/// <summary>A place in a segment and how the log stood there. The time is the latest of any record up to the one here, so it ascends whatever the wall clock did.</summary>
internal readonly record struct IndexEntry(long Position, long LatestMicros, LogTally Tally, uint RecordCrc = 0);

/// <summary>
/// Sparse index beside a segment: one entry about every 64 KiB. It is a hint and can always be made anew from the segment; an entry that
/// is damaged is passed over. It is never synced: after a power loss entries may be back that were cut off with the end of the log, so an entry
/// counts only for the very record for which it was written.
/// <code>
///  0  u32 crc-32c of 4–103, begun from the segment's key   4  u32 crc of the record's head
///  8  i64 position of a record   16  i64 latest time of any record up to it   24  tally before it
/// </code>
/// </summary>
internal sealed class SegmentIndex : IDisposable
{
    public const int Spacing = 64 * 1024;
    private const int EntrySize = 24 + LogTally.Size;
    private readonly IStoreFile _file;
    private readonly uint _salt;
    private long _fileLength;
    private long _lastPosition;

    private SegmentIndex(IStoreFile file, uint salt, long fileLength, long lastPosition) =>
        (_file, _salt, _fileLength, _lastPosition) = (file, salt, fileLength, lastPosition);

    /// <summary>Opens the index of a segment for writing; entries at or beyond <paramref name="segmentLength"/> are cut off.</summary>
    public static SegmentIndex Open(Segment segment, long segmentLength)
    {
        var last = ReadAll(segment).LastOrDefault(entry => entry.Position < segmentLength);
        var keep = ReadAll(segment).TakeWhile(entry => entry.Position < segmentLength).Count();
        var file = segment.OpenIndex();
        try
        {
            file.SetLength((long)keep * EntrySize);
            return new SegmentIndex(file, segment.Header.Salt, (long)keep * EntrySize, Math.Max(last.Position, SegmentHeader.PageSize));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Notes the record at <paramref name="position"/> if the last entry is far enough behind.</summary>
    public void Note(long position, ReadOnlySpan<byte> record, long latestMicros, in LogTally before)
    {
        if (position - _lastPosition < Spacing)
        {
            return;
        }

        Span<byte> bytes = stackalloc byte[EntrySize];
        bytes.Clear();
        record[..sizeof(uint)].CopyTo(bytes[4..]);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], position);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], latestMicros);
        before.Write(bytes[24..]);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Crc32C.Append(_salt, bytes[4..]));
        try
        {
            _file.Write(bytes, _fileLength);
            _fileLength += EntrySize;
            _lastPosition = position;
        }
        catch (IOException)
        {
            // The index is a hint. A full disk shows at the record itself, which is written next.
        }
    }

    /// <summary>All whole entries, in order. A missing index is an empty one.</summary>
    public static List<IndexEntry> ReadAll(Segment segment)
    {
        var entries = new List<IndexEntry>();
        var file = segment.ReadIndex();
        for (var at = 0; at + EntrySize <= file.Length; at += EntrySize)
        {
            var bytes = file.AsSpan(at, EntrySize);
            if (BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Crc32C.Append(segment.Header.Salt, bytes[4..]))
            {
                continue;
            }

            var entry = new IndexEntry(
                BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]),
                BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
                LogTally.Read(bytes[24..]),
                BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]));
            if (entry.Position < segment.Length)
            {
                entries.Add(entry);
            }
        }

        return entries;
    }

    public void Dispose() => _file.Dispose();
}
