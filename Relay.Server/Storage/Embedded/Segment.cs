using System.Globalization;
using Relay.Contracts;

namespace Relay.Server.Storage.Embedded;

/// <summary>
/// One file of a session's log. Its records never change; only the last segment grows. Its first page is read when it is first needed: a start
/// looks at the names and lengths of sealed segments and opens none of them.
/// </summary>
internal sealed class Segment(IFileSystem files, string folder, long incarnation, long firstSequence, long length)
{
    private const string Ending = ".log";
    private long _length = length;
    private volatile bool _isSealed;
    private volatile bool _isUnreadable;
    private SegmentHeader? _header;

    /// <summary>One that is made now.</summary>
    public Segment(IFileSystem files, string folder, SegmentHeader header)
        : this(files, folder, header.Incarnation, header.FirstSequence, SegmentHeader.PageSize) => _header = header;

    /// <summary>Made anew each time: a path for every segment is most of what an idle session would cost.</summary>
    public string Path => System.IO.Path.Combine(folder, FileName(FirstSequence));

    /// <summary>What the first page says. Only once <see cref="TryReadHeader"/> has found it whole.</summary>
    public SegmentHeader Header =>
        Volatile.Read(ref _header) ?? throw new InvalidOperationException($"Nobody has looked at the first page of {Path}, or it is unreadable.");

    public long FirstSequence => firstSequence;

    /// <summary>Where the last whole record ends. Everything before it is in the file (and, if recent, in the hot tail).</summary>
    public long Length => Volatile.Read(ref _length);

    /// <summary>No record will be added; the next segment follows.</summary>
    public bool IsSealed => _isSealed;

    public void Publish(long length) => Volatile.Write(ref _length, length);

    public void Seal() => _isSealed = true;

    /// <summary>Takes away what is behind the end of a record.</summary>
    public void CutTo(long length)
    {
        Publish(length);
        CutToLength();
    }

    /// <summary>Cuts the file off where the last whole record ends, for good: what is cut off must not be back behind the records that follow.</summary>
    public void CutToLength()
    {
        using var file = Open(FileAccess.ReadWrite);
        file.SetLength(Length);
        file.Sync();
    }

    /// <summary>Reads the first page, if that was not done yet.</summary>
    /// <returns><c>false</c> when neither copy of the header is whole and this segment's, or the file is gone: nothing in it can be told from noise then.</returns>
    /// <exception cref="RelayException">The file cannot be opened now.</exception>
    public bool TryReadHeader()
    {
        if (Volatile.Read(ref _header) is not null)
        {
            return true;
        }

        if (_isUnreadable)
        {
            return false;
        }

        using var file = TryOpenForReading();
        if (file is null)
        {
            return false;
        }

        var page = new byte[SegmentHeader.PageSize];
        var header = SegmentHeader.Read(page.AsSpan(0, file.ReadWhatCanBeRead(page, 0)));
        if (header is null || header.Incarnation != incarnation || header.FirstSequence != firstSequence)
        {
            _isUnreadable = true;
            return false;
        }

        Volatile.Write(ref _header, header);
        return true;
    }

    public IStoreFile Create() => files.Open(Path, FileMode.Create, FileAccess.ReadWrite);

    public IStoreFile Open(FileAccess access) => files.Open(Path, FileMode.Open, access);

    /// <summary>The file for reading, or null when retention or deletion has removed it.</summary>
    /// <exception cref="RelayException">It cannot be opened now, be it because too many are.</exception>
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
        catch (IOException e)
        {
            throw Errors.Unreadable(e);
        }
    }

    public static string FileName(long firstSequence) => $"{firstSequence:D20}{Ending}";

    /// <summary>The first sequence of the segment that a file's name stands for; null when it is no name of a segment.</summary>
    public static long? FirstSequenceOf(string path) =>
        System.IO.Path.GetFileName(path) is var name
        && long.TryParse(System.IO.Path.GetFileNameWithoutExtension(name), NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
        && string.Equals(FileName(sequence), name, StringComparison.Ordinal)
            ? sequence
            : null;

    /// <summary>The segment files of a folder, oldest first.</summary>
    public static IEnumerable<string> Paths(IFileSystem files, string folder) =>
        files.Files(folder).Where(path => path.EndsWith(Ending, StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    public string IndexPath => IndexPathOf(Path);

    public static string IndexPathOf(string segment) => System.IO.Path.ChangeExtension(segment, ".idx");

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

    /// <summary>Removes the files of a segment that never came to be; what fails here must not hide why.</summary>
    public void TryDelete()
    {
        try
        {
            Delete();
        }
        catch (IOException)
        {
            // Left behind as the folder's last segment, an empty one. It goes before the next is made, or at the next start.
        }
    }

    /// <summary>Removes the files. The index first: a segment of which only that is gone is still whole.</summary>
    public void Delete()
    {
        DeleteIndex();
        files.DeleteFile(Path);
    }

    public void DeleteIndex() => files.DeleteFile(IndexPath);
}
