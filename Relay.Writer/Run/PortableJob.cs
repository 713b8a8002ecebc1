using System.Diagnostics;

namespace Relay.Writer.Run;

/// <summary>A command whose outputs are pipes, where there is no <see cref="SpawnedProcess"/>: everywhere but on Linux.</summary>
internal sealed class PortableJob : Job
{
    private readonly Process _process;

    /// <exception cref="System.ComponentModel.Win32Exception">The system refuses to execute the file.</exception>
    public PortableJob(string file, IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo(file, command.Skip(1))
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        JobEnvironment.AddTo(start.Environment);
        _process = UnixSignals.StartWithPipeSignal(start)!;
    }

    public override Stream Stdout => _process.StandardOutput.BaseStream;

    public override Stream Stderr => _process.StandardError.BaseStream;

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
