using System.Collections.Concurrent;
using Relay.Server.Storage.Embedded;

namespace Relay.Tests.Faults;

/// <summary>A file system that counts which files are opened and how much is read. <see cref="Kill"/> makes it that of a process that is dead.</summary>
internal sealed class CountingFileSystem(IFileSystem files) : IFileSystem
{
    private readonly ConcurrentDictionary<string, int> _opened = new(StringComparer.Ordinal);
    private long _bytesRead;
    private volatile bool _isDead;

    /// <summary>How often each file was opened.</summary>
    public IReadOnlyDictionary<string, int> Opened => _opened;

    public long BytesRead => Interlocked.Read(ref _bytesRead);

    /// <summary>From here on nothing that the store still calls comes to the disk.</summary>
    public void Kill() => _isDead = true;

    public IStoreFile Open(string path, FileMode mode, FileAccess access)
    {
        _opened.AddOrUpdate(path, 1, (_, count) => count + 1);
        return new CountedFile(this, Alive().Open(path, mode, access));
    }

    public IDisposable? TryLock(string path) => Alive().TryLock(path);

    public bool FileExists(string path) => files.FileExists(path);

    public long FileLength(string path) => Alive().FileLength(path);

    public void DeleteFile(string path) => Alive().DeleteFile(path);

    public void MoveFile(string from, string to) => Alive().MoveFile(from, to);

    public IEnumerable<string> Files(string folder) => Alive().Files(folder);

    public bool FolderExists(string path) => files.FolderExists(path);

    public void CreateFolder(string path) => Alive().CreateFolder(path);

    public void MoveFolder(string from, string to) => Alive().MoveFolder(from, to);

    public void DeleteFolder(string path) => Alive().DeleteFolder(path);

    public IEnumerable<string> Folders(string folder) => Alive().Folders(folder);

    public void SyncFolder(string folder) => Alive().SyncFolder(folder);

    private IFileSystem Alive() => _isDead ? throw new IOException("The process is dead.") : files;

    private sealed class CountedFile(CountingFileSystem counting, IStoreFile file) : IStoreFile
    {
        public long Length => file.Length;

        public int Read(Span<byte> buffer, long position)
        {
            counting.Alive();
            var count = file.Read(buffer, position);
            Interlocked.Add(ref counting._bytesRead, count);
            return count;
        }

        public void Write(ReadOnlySpan<byte> bytes, long position)
        {
            counting.Alive();
            file.Write(bytes, position);
        }

        public void SetLength(long length)
        {
            counting.Alive();
            file.SetLength(length);
        }

        public void Sync()
        {
            counting.Alive();
            file.Sync();
        }

        public void Dispose() => file.Dispose();
    }
}
