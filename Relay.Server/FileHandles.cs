using System.Runtime.InteropServices;

namespace Relay.Server;

/// <summary>How many file handles, sockets among them, this process may have.</summary>
internal static partial class FileHandles
{
    /// <summary>The runtime holds some 270 by itself (two for each assembly); below this a relay could serve nobody.</summary>
    private const ulong Least = 512;

    /// <summary>What the runtime and the relay's own files need.</summary>
    private const ulong Reserve = 400;

    /// <summary>More than any relay needs; what is assumed where there is no limit.</summary>
    private const ulong Plenty = 1_000_000;

    private const int OpenFilesOnLinux = 7;
    private const int OpenFilesOnBsd = 8;

    /// <summary>How many connections of one kind, plain or upgraded, may be open at a time. A process that runs out of handles cannot log, sync or even
    /// survive; so a third of what is free is for each kind, and a third for the files of sessions.</summary>
    /// <param name="faults">Receives a line when the limit is too low to serve anyone.</param>
    public static long ConnectionsOfAKind(List<string> faults)
    {
        var limit = OpenFilesLimit();
        if (limit < Least)
        {
            faults.Add($"The limit of open files is {limit}; the relay needs at least {Least}. Raise it, e.g. with 'ulimit -n 4096' or LimitNOFILE=65536.");
        }

        return (long)(Math.Max(limit, Least) - Reserve) / 3;
    }

    private static ulong OpenFilesLimit() =>
        OperatingSystem.IsWindows() || GetLimit(OperatingSystem.IsLinux() ? OpenFilesOnLinux : OpenFilesOnBsd, out var limit) != 0
            ? Plenty
            : Math.Min(limit.Soft, Plenty);

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out ResourceLimit limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceLimit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
