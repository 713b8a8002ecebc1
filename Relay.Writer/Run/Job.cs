using System.ComponentModel;

namespace Relay.Writer.Run;

/// <summary>The command that runs: our stdin is its stdin, its outputs come to us.</summary>
internal abstract class Job : IDisposable
{
    public abstract Stream Stdout { get; }

    public abstract Stream Stderr { get; }

    /// <param name="command">The program, as a path or to be found along PATH, and its arguments.</param>
    /// <param name="pty">Whether its outputs are pseudo-terminals instead of pipes; only on Linux.</param>
    /// <exception cref="JobNotStartedException">There is no such command, or it cannot be executed.</exception>
    public static Job Start(IReadOnlyList<string> command, bool pty)
    {
        var file = CommandPath.Find(command[0]);
        try
        {
            if (!OperatingSystem.IsLinux())
            {
                return new PortableJob(file, command);
            }

            return pty ? new PtyJob(file, command) : new PipedJob(file, command);
        }
        catch (Exception failure) when (failure is IOException or Win32Exception)
        {
            throw JobNotStartedException.NotExecutable(command[0], failure.Message);
        }
    }

    /// <summary>Waits for the process, not for its outputs.</summary>
    /// <returns>Its exit code; 128 + N when signal N killed it.</returns>
    public abstract Task<int> WaitForExitAsync();

    /// <summary>Sends a signal, unless the process has ended.</summary>
    public abstract void Signal(int signal);

    public abstract void Dispose();
}

/// <summary>The command could not be started; the exit code is the one shells give.</summary>
internal sealed class JobNotStartedException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    public static JobNotStartedException NotFound(string command) => new(127, $"{command}: command not found");

    public static JobNotStartedException NotExecutable(string command, string reason) => new(126, $"{command}: cannot be executed: {reason}");
}
