using System.Runtime.InteropServices;

namespace Relay.Terminal;

/// <summary>
/// How much a pipe holds before its writer waits: 64 KiB by default. A job that writes much at once goes on sooner with more, and whoever reads the
/// pipe takes more at a time.
/// </summary>
internal static partial class PipeCapacity
{
    // What everybody may ask for (proc_sys_fs(5): pipe-max-size); and pumps take so much after a signal, which is the whole pipe.
    private const int Bytes = 1024 * 1024;
    private const int SetPipeSize = 1031; // F_SETPIPE_SZ, fcntl(2).

    /// <summary>Gives the pipe at a descriptor the most that is allowed. What is no pipe, or not on Linux, stays as it is.</summary>
    public static void Raise(int descriptor)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = fcntl(descriptor, SetPipeSize, Bytes);
        }
    }

    [LibraryImport("libc")]
    private static partial int fcntl(int descriptor, int command, int argument);
}
