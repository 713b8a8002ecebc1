using System.Diagnostics;

namespace Relay.Benchmarks.Contenders;

/// <summary>The programs whose builds lie beside this one.</summary>
internal static class Programs
{
    private static readonly string Host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } path ? path : "dotnet";

    /// <summary>How to start one of them, without the settings of the person who measures.</summary>
    public static ProcessStartInfo Start(string assembly, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Host, [PathOf(assembly), .. arguments]) { UseShellExecute = false };
        foreach (var name in start.Environment.Keys.Where(key => key.StartsWith("RELAY_", StringComparison.Ordinal) || key.StartsWith("ASPNETCORE_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        return start;
    }

    /// <summary>The same, with its stdout in a file.</summary>
    public static ProcessStartInfo StartInto(string file, string assembly, IEnumerable<string> arguments)
    {
        var plain = Start(assembly, arguments);
        var start = new ProcessStartInfo("sh", ["-c", "file=$1; shift; exec \"$@\" >\"$file\"", "sh", file, plain.FileName, .. plain.ArgumentList]) { UseShellExecute = false };
        start.Environment.Clear();
        foreach (var (name, value) in plain.Environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private static string PathOf(string assembly) => Path.Combine(AppContext.BaseDirectory, assembly);
}
