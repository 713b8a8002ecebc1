using System.ComponentModel;
using System.Diagnostics;

namespace Relay.Writer.Run;

/// <summary>A command whose outputs are pipes, where there is no <see cref="SpawnedProcess"/>: everywhere but on Linux.</summary>
internal sealed class PortableJob : Job
{
    private readonly Process _process;

    private PortableJob(Process process) => _process = process;

    public override Stream Stdout => _process.StandardOutput.BaseStream;

    public override Stream Stderr => _process.StandardError.BaseStream;

    /// <inheritdoc cref="Job.Start"/>
    public static PortableJob Start(IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo(CommandPath.Find(command[0]), command.Skip(1))
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        JobEnvironment.AddTo(start.Environment);
        try
        {
            return new PortableJob(UnixSignals.StartWithPipeSignal(start)!);
        }
        catch (Win32Exception failure)
        {
            throw JobNotStartedException.NotExecutable(command[0], failure.Message);
        }
    }

    public override async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    public override void Signal(int signal)
    {
        if (!_process.HasExited)
        {
            UnixSignals.Send(_process.Id, signal);
        }
    }

    public override void Dispose() => _process.Dispose();
}
