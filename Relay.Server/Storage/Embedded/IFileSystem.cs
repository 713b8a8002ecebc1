namespace Relay.Server.Storage.Embedded;

/// <summary>
/// The file system as the store uses it. All that the store reads and writes passes here, so that tests can give it a disk that fails, tears
/// and forgets. Whatever a call refuses is an <see cref="IOException"/>; its <see cref="Exception.HResult"/> holds the system's error number.
/// </summary>
internal interface IFileSystem
{
    /// <summary>Opens a file that others may have open too, may rename and may remove.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mode"><see cref="FileMode.Open"/>, <see cref="FileMode.Create"/> or <see cref="FileMode.OpenOrCreate"/>.</param>
    /// <param name="access"><see cref="FileAccess.Read"/> or <see cref="FileAccess.ReadWrite"/>.</param>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    IStoreFile Open(string path, FileMode mode, FileAccess access);

    /// <summary>Takes a lock that ends with the process at the latest; null while another process has it.</summary>
    IDisposable? TryLock(string path);

    bool FileExists(string path);

    /// <summary>How long a file is. It is not opened.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    long FileLength(string path);

    /// <summary>Removes a file, if there is one.</summary>
    void DeleteFile(string path);

    /// <summary>Renames a file, in the place of another one if there is one.</summary>
    void MoveFile(string from, string to);

    /// <summary>Paths of the files in a folder, in no order.</summary>
    IEnumerable<string> Files(string folder);

    bool FolderExists(string path);

    /// <summary>Creates a folder and those above it, where they are missing.</summary>
    void CreateFolder(string path);

    void MoveFolder(string from, string to);

    /// <summary>Removes a folder with all that is in it.</summary>
    void DeleteFolder(string path);

    /// <summary>Paths of the folders in a folder, in no order.</summary>
    IEnumerable<string> Folders(string folder);

    /// <summary>Makes the names in a folder durable: a new, renamed or removed file is so after a power loss only once its folder was synced.</summary>
    void SyncFolder(string folder);
}

/// <summary>An open file. Safe for one writer and any number of readers at a time.</summary>
internal interface IStoreFile : IDisposable
{
    long Length { get; }

    /// <summary>Reads at a position, as much as is there at once.</summary>
    /// <returns>How many bytes; 0 at the end of the file and behind it.</returns>
    int Read(Span<byte> buffer, long position);

    /// <summary>Writes all of the bytes, or fails after some of them.</summary>
    void Write(ReadOnlySpan<byte> bytes, long position);

    void SetLength(long length);

    /// <summary>Forces everything written to the disk. After a failure nothing is known of what was written since the last success.</summary>
    void Sync();
}

/// <summary>Whole files at a time.</summary>
internal static class FileSystemExtensions
{
    private const int CopyBytes = 1024 * 1024;
    private const int SectorSize = 512;

    public static byte[] ReadAllBytes(this IFileSystem files, string path)
    {
        using var file = files.Open(path, FileMode.Open, FileAccess.Read);
        var bytes = new byte[file.Length];
        var count = file.ReadFully(bytes, 0);
        return count == bytes.Length ? bytes : bytes[..count];
    }

    /// <summary>Writes a file anew.</summary>
    public static void WriteAllBytes(this IFileSystem files, string path, ReadOnlySpan<byte> bytes, bool durable = false)
    {
        using var file = files.Open(path, FileMode.Create, FileAccess.ReadWrite);
        file.Write(bytes, 0);
        if (durable)
        {
            file.Sync();
        }
    }

    public static void CopyFile(this IFileSystem files, string from, string to)
    {
        using var source = files.Open(from, FileMode.Open, FileAccess.Read);
        using var target = files.Open(to, FileMode.Create, FileAccess.ReadWrite);
        var buffer = new byte[Math.Min(CopyBytes, source.Length)];
        var position = 0L;
        while (source.ReadFully(buffer, position) is > 0 and var count)
        {
            target.Write(buffer.AsSpan(0, count), position);
            position += count;
        }
    }

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    public static int ReadFully(this IStoreFile file, Span<byte> buffer, long position)
    {
        var count = 0;
        while (count < buffer.Length && file.Read(buffer[count..], position + count) is > 0 and var read)
        {
            count += read;
        }

        return count;
    }

    /// <summary>As <see cref="ReadFully"/>; what the disk does not give back, however small the piece that is asked for, is damage like any other: zeros stand in its place.</summary>
    public static int ReadWhatCanBeRead(this IStoreFile file, Span<byte> buffer, long position)
    {
        try
        {
            return file.ReadFully(buffer, position);
        }
        catch (IOException)
        {
            var count = 0;
            while (count < buffer.Length)
            {
                var sector = buffer.Slice(count, Math.Min(SectorSize, buffer.Length - count));
                try
                {
                    var read = file.ReadFully(sector, position + count);
                    if (read < sector.Length)
                    {
                        return count + read;
                    }
                }
                catch (IOException)
                {
                    sector.Clear();
                }

                count += sector.Length;
            }

            return count;
        }
    }
}
