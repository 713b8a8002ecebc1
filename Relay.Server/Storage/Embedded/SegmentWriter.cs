namespace Relay.Server.Storage.Embedded;

/// <summary>The open files of the segment that grows.</summary>
internal sealed class SegmentWriter : IDisposable
{
    private readonly IStoreFile _data;
    private readonly SegmentIndex _index;
    private int _nextSlot;

    private SegmentWriter(Segment segment, IStoreFile data, SegmentIndex index) => (Segment, _data, _index) = (segment, data, index);

    public Segment Segment { get; }

    /// <summary>Creates the file with its first page.</summary>
    public static SegmentWriter Create(Segment segment)
    {
        var data = segment.Create();
        try
        {
            data.Write(segment.Header.ToPage(), 0);
            segment.DeleteIndex();
            return new SegmentWriter(segment, data, SegmentIndex.Open(segment, segment.Length));
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <summary>Opens an existing segment to go on behind its last whole record.</summary>
    public static SegmentWriter Open(Segment segment)
    {
        var data = segment.Open(FileAccess.ReadWrite);
        try
        {
            return new SegmentWriter(segment, data, SegmentIndex.Open(segment, segment.Length));
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <summary>Writes a record behind the last one. The caller publishes it; until then a failed write leaves no trace.</summary>
    /// <param name="record">The record.</param>
    /// <param name="latestMicros">The latest time of any record up to this one.</param>
    /// <param name="before">How the log stands before it.</param>
    /// <exception cref="IOException">The file system refused.</exception>
    public void Append(ReadOnlySpan<byte> record, long latestMicros, in LogTally before)
    {
        var position = Segment.Length;
        _index.Note(position, record, latestMicros, before);
        try
        {
            _data.Write(record, position);
        }
        catch
        {
            TryCut(position);
            throw;
        }
    }

    /// <summary>Forces everything written so far to the disk. A failure is final for this handle.</summary>
    public void Sync() => _data.Sync();

    /// <summary>Notes that everything before the watermark is durable.</summary>
    public void WriteWatermark(Watermark watermark)
    {
        var (bytes, position) = Segment.Header.ToSlot(watermark, _nextSlot);
        _data.Write(bytes, position);
        _nextSlot ^= 1;
    }

    public void Dispose()
    {
        _index.Dispose();
        _data.Dispose();
    }

    private void TryCut(long position)
    {
        try
        {
            _data.SetLength(position);
        }
        catch (IOException)
        {
            // What is left behind the last record has no valid head, and the next record overwrites it.
        }
    }
}
