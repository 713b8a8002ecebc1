using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Relay.Server.Storage.Embedded;

/// <summary>The file system of this machine.</summary>
internal sealed partial class LocalFileSystem : IFileSystem
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const int ReadOnly = 0;
    private const int TooLarge = 27;
    private const int NotPermitted = 13;

    // How "someone else has it open" comes from each system.
    private const int WouldBlockOnLinux = 11;
    private const int WouldBlockOnBsd = 35;
    private const int SharingViolation = 32;

    public IStoreFile Open(string path, FileMode mode, FileAccess access) =>
        Try(() => new LocalFile(File.OpenHandle(path, mode, access, FileShare.ReadWrite | FileShare.Delete)));

    public IDisposable? TryLock(string path) => Try(() =>
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
        }
        catch (IOException e) when ((e.HResult & 0xFFFF) is WouldBlockOnLinux or WouldBlockOnBsd or SharingViolation)
        {
            return null;
        }
    });

    public bool FileExists(string path) => File.Exists(path);

    public long FileLength(string path) => Try(() => new FileInfo(path).Length);

    public void DeleteFile(string path) => Try(() => File.Delete(path));

    public void MoveFile(string from, string to) => Try(() => File.Move(from, to, overwrite: true));

    public IEnumerable<string> Files(string folder) => Try(() => Directory.GetFiles(folder));

    public bool FolderExists(string path) => Directory.Exists(path);

    /// <summary>For the relay's user only: logs are nobody else's. A folder that is there already stays as it is.</summary>
    public void CreateFolder(string path) => Try(() => OperatingSystem.IsWindows() ? Directory.CreateDirectory(path) : Directory.CreateDirectory(path, OwnerOnly));

    public void MoveFolder(string from, string to) => Try(() => Directory.Move(from, to));

    public void DeleteFolder(string path) => Try(() => Directory.Delete(path, recursive: true));

    public IEnumerable<string> Folders(string folder) => Try(() => Directory.GetDirectories(folder));

    public void SyncFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return; // NTFS journals names itself.
        }

        // .NET opens no folder, so it has no call for this.
        var descriptor = Open(folder, ReadOnly);
        if (descriptor < 0)
        {
            throw Failure(folder);
        }

        try
        {
            if (Fsync(descriptor) != 0)
            {
                throw Failure(folder);
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static T Try<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e) { HResult = NotPermitted };
        }
    }

    private static void Try(Action call) => Try(() =>
    {
        call();
        return true;
    });

    private static IOException Failure(string folder) =>
        new($"Cannot sync folder {folder}: {Marshal.GetLastPInvokeErrorMessage()}", Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);

    private sealed class LocalFile(SafeFileHandle handle) : IStoreFile
    {
        public long Length => RandomAccess.GetLength(handle);

        public int Read(Span<byte> buffer, long position) => RandomAccess.Read(handle, buffer, position);

        public void Write(ReadOnlySpan<byte> bytes, long position)
        {
            try
            {
                RandomAccess.Write(handle, bytes, position);
            }
            catch (ArgumentOutOfRangeException e)
            {
                throw new IOException("The file would be larger than the system allows.", e) { HResult = TooLarge }; // So .NET reports EFBIG.
            }
        }

        public void SetLength(long length) => RandomAccess.SetLength(handle, length);

        public void Sync() => RandomAccess.FlushToDisk(handle);

        public void Dispose() => handle.Dispose();
    }
}
