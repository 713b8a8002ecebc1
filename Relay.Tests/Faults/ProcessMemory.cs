using System.Globalization;

namespace Relay.Tests.Faults;

/// <summary>What the kernel says of a process's memory (proc(5), <c>/proc/PID/status</c>).</summary>
internal static class ProcessMemory
{
    /// <summary>Bytes in use now.</summary>
    public static long Resident(int process) => Field(process, "VmRSS:");

    /// <summary>The most bytes that ever were.</summary>
    public static long Peak(int process) => Field(process, "VmHWM:");

    private static long Field(int process, string name)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(field => field.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}
