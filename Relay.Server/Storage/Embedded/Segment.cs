namespace Relay.Server.Storage.Embedded;

/// <summary>One file of a session's log. Its records never change; only the last segment grows.</summary>
internal sealed class Segment(IFileSystem files, string folder, SegmentHeader header, long length)
{
    private const string Ending = ".log";
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
        using var file = Open(FileAccess.ReadWrite);
        file.SetLength(length);
        Publish(length);
    }

    public IStoreFile Open(FileAccess access) => files.Open(Path, FileMode.Open, access);

    /// <summary>The file for reading, or null when retention or deletion has removed it.</summary>
    public IStoreFile? TryOpenForReading()
    {
        try
        {
            return Open(FileAccess.Read);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public static string FileName(long firstSequence) => $"{firstSequence:D20}{Ending}";

    /// <summary>The segment files of a folder, oldest first.</summary>
    public static IEnumerable<string> Paths(IFileSystem files, string folder) =>
        files.Files(folder).Where(path => path.EndsWith(Ending, StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    public string IndexPath => System.IO.Path.ChangeExtension(Path, ".idx");

    /// <summary>What is there of the index. A missing file is an empty one.</summary>
    public byte[] ReadIndex()
    {
        try
        {
            return files.ReadAllBytes(IndexPath);
        }
        catch (IOException)
        {
            return [];
        }
    }

    public IStoreFile OpenIndex() => files.Open(IndexPath, FileMode.OpenOrCreate, FileAccess.ReadWrite);

    /// <summary>Removes the files.</summary>
    public void Delete()
    {
        files.DeleteFile(Path);
        files.DeleteFile(IndexPath);
    }
}
