using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Relay.Writer.Follow;

/// <summary>A file that is being read: the log itself, or what it was rotated into.</summary>
/// <param name="handle">Open for reading; keeps the file, whatever becomes of its names.</param>
/// <param name="identity">Which file it is.</param>
/// <param name="mark">How far it was read.</param>
/// <param name="isFinal">Whether nobody writes to it any more.</param>
internal sealed partial class OpenLog(SafeFileHandle handle, FileIdentity identity, FileMark mark, bool isFinal) : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int NoEntry = 2;
    private const int NoPermission = 13;

    public SafeFileHandle Handle => handle;

    public FileIdentity Identity => identity;

    public FileMark Mark => mark;

    public bool IsFinal => isFinal;

    public FileStatus Status => FileStatus.Of(handle);

    /// <summary>When the file was first seen to have ended, with another one in its place; it has not grown since.</summary>
    public long? QuietSince { get; set; }

    /// <returns><c>null</c> when nothing, or nothing regular, has that name.</returns>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static OpenLog? Open(string path, bool isFinal = false)
    {
        // What is no regular file is not even opened: opening a pipe waits for its other end.
        if (FileStatus.Of(path) is not { Kind: FileKind.Regular })
        {
            return null;
        }

        try
        {
            var handle = OpenHandle(path);
            return new OpenLog(handle, FileStatus.Of(handle).Identity, new FileMark(), isFinal);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The same file at another place.</summary>
    public OpenLog At(FileMark place, bool isNowFinal) => new(handle, identity, place, isNowFinal);

    public void Dispose() => handle.Dispose();

    /// <summary>.NET would lock the file (flock(2), shared): that fails while the job or its rotation holds a lock, and is in their way after.</summary>
    private static SafeFileHandle OpenHandle(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }

        var descriptor = open(path, CloseOnExec);
        if (descriptor >= 0)
        {
            return new SafeFileHandle(descriptor, ownsHandle: true);
        }

        var (error, message) = (Marshal.GetLastPInvokeError(), Marshal.GetLastPInvokeErrorMessage());
        throw error switch
        {
            NoEntry => new FileNotFoundException(message, path),
            NoPermission => new UnauthorizedAccessException(message),
            _ => new IOException(message),
        };
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);
}
