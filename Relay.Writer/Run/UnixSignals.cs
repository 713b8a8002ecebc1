using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Relay.Writer.Run;

/// <summary>Signal numbers, kill(2) and signal(2).</summary>
internal static partial class UnixSignals
{
    public const int Hangup = 1;
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int Terminate = 15;
    public const int WindowChanged = 28;

    private const int BrokenPipe = 13;
    private const nint DefaultDisposition = 0;

    private static readonly bool Bsd = OperatingSystem.IsMacOS() || OperatingSystem.IsFreeBSD();

    public static int User1 => Bsd ? 30 : 10;

    public static int User2 => Bsd ? 31 : 12;

    /// <summary>Sends a signal. A process that is gone is no error.</summary>
    public static void Send(int processId, int signal) => _ = kill(processId, signal);

    /// <summary>
    /// Starts a process with SIGPIPE at its default, for the reason of <see cref="SpawnPlan.ResetPipeSignal"/>.
    /// </summary>
    /// <remarks>
    /// Signal dispositions belong to the whole process: whoever writes meanwhile to a pipe, or a connection, that nobody reads any more ends it,
    /// without a word. Hence <see cref="SpawnedProcess"/> on Linux.
    /// </remarks>
    public static Process? StartWithPipeSignal(ProcessStartInfo start)
    {
        if (OperatingSystem.IsWindows())
        {
            return Process.Start(start);
        }

        var ignored = signal(BrokenPipe, DefaultDisposition);
        try
        {
            return Process.Start(start);
        }
        finally
        {
            _ = signal(BrokenPipe, ignored);
        }
    }

    [LibraryImport("libc")]
    private static partial int kill(int processId, int signal);

    [LibraryImport("libc")]
    private static partial nint signal(int number, nint disposition);
}
