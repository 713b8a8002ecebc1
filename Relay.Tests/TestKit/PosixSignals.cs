using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Relay.Tests.TestKit;

/// <summary>Signal numbers that are the same on every Linux.</summary>
internal enum Signal
{
    Int = 2,
    Kill = 9,
    Term = 15,
    Cont = 18,
    Stop = 19,
}

internal static partial class PosixSignals
{
    private const int NoSuchProcess = 3;

    /// <summary>kill(2). A negative <paramref name="pid"/> names a process group. False when there is no such process.</summary>
    public static bool Send(int pid, Signal signal)
    {
        if (Kill(pid, (int)signal) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        return error == NoSuchProcess ? false : throw new Win32Exception(error);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
