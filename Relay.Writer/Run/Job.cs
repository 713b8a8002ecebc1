using System.ComponentModel;
using System.Diagnostics;

namespace Relay.Writer.Run;

/// <summary>The command that runs: our stdin is its stdin, its outputs are pipes.</summary>
internal sealed class Job : IDisposable
{
    private readonly Process _process;

    private Job(Process process) => _process = process;

    public Stream Stdout => _process.StandardOutput.BaseStream;

    public Stream Stderr => _process.StandardError.BaseStream;

    /// <exception cref="JobNotStartedException">There is no such command, or it cannot be executed.</exception>
    public static Job Start(IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo(CommandPath.Find(command[0]), command.Skip(1))
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Python buffers its stdout in blocks when that is no terminal: its lines would arrive minutes late.
        start.Environment.TryAdd("PYTHONUNBUFFERED", "1");
        try
        {
            return new Job(UnixSignals.StartWithPipeSignal(start)!);
        }
        catch (Win32Exception failure)
        {
            throw JobNotStartedException.NotExecutable(command[0], failure.Message);
        }
    }

    /// <summary>Waits for the process, not for its outputs.</summary>
    /// <returns>Its exit code; 128 + N when signal N killed it.</returns>
    public async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    /// <summary>Sends a signal, unless the process has ended.</summary>
    public void Signal(int signal)
    {
        if (!_process.HasExited)
        {
            UnixSignals.Send(_process.Id, signal);
        }
    }

    public void Dispose() => _process.Dispose();
}

/// <summary>The command could not be started; the exit code is the one shells give.</summary>
internal sealed class JobNotStartedException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    public static JobNotStartedException NotFound(string command) => new(127, $"{command}: command not found");

    public static JobNotStartedException NotExecutable(string command, string reason) => new(126, $"{command}: cannot be executed: {reason}");
}
