namespace Relay.Writer.Run;

/// <summary>The command that runs: our stdin is its stdin, its outputs come to us.</summary>
internal abstract class Job : IDisposable
{
    public abstract Stream Stdout { get; }

    public abstract Stream Stderr { get; }

    /// <exception cref="JobNotStartedException">There is no such command, or it cannot be executed.</exception>
    public static Job Start(RunOptions options)
    {
        if (!OperatingSystem.IsLinux())
        {
            return PortableJob.Start(options.Command);
        }

        return options.Pty ? PtyJob.Start(options.Command) : PipedJob.Start(options.Command);
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
