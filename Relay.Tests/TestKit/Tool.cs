using System.ComponentModel;
using System.Diagnostics;

namespace Relay.Tests.TestKit;

/// <summary>A small program of the system of which only the success counts.</summary>
internal static class Tool
{
    /// <returns>Whether it exited with 0; not when there is no such program.</returns>
    public static bool Succeeds(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, UseShellExecute = false })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
