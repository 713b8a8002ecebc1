using Microsoft.Win32.SafeHandles;

namespace Relay.Server.Storage.Embedded;

/// <summary>One file of a session's log. Its records never change; only the last segment grows.</summary>
internal sealed class Segment(string folder, SegmentHeader header, long length)
{
    private long _length = length;
    private volatile bool _isSealed;

    /// <summary>Made anew each time: a path for every segment is most of what an idle session would cost.</summary>
    public string Path => System.IO.Path.Combine(folder, FileName(FirstSequence));

    public SegmentHeader Header { get; } = header;

    public long FirstSequence => Header.FirstSequence;

    /// <summary>Where the last whole record ends. Everything before it is in the file (and, if recent, in the hot tail).</summary>
    public long Length => Volatile.Read(ref _length);

    /// <summary>No record will be added; the next segment follows.</summary>
    public bool IsSealed => _isSealed;

    public void Publish(long length) => Volatile.Write(ref _length, length);

    public void Seal() => _isSealed = true;

    /// <summary>Cuts the file off at the end of a record.</summary>
    public void CutTo(long length)
    {
        using var handle = File.OpenHandle(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        RandomAccess.SetLength(handle, length);
        Publish(length);
    }

    /// <summary>A handle for reading, or null when retention or deletion has removed the file.</summary>
    public SafeFileHandle? TryOpenForReading()
    {
        try
        {
            return File.OpenHandle(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public static string FileName(long firstSequence) => $"{firstSequence:D20}.log";

    public string IndexPath => System.IO.Path.ChangeExtension(Path, ".idx");
}
