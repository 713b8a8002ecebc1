using System.IO.Pipes;
using System.Runtime.Versioning;

namespace Relay.Writer.Run;

/// <summary>A command whose outputs are pipes. Linux only.</summary>
[SupportedOSPlatform("linux")]
internal sealed class PipedJob : Job
{
    private readonly AnonymousPipeServerStream _stdout = new(PipeDirection.In);
    private readonly AnonymousPipeServerStream _stderr = new(PipeDirection.In);
    private readonly SpawnedProcess _process;

    /// <exception cref="System.ComponentModel.Win32Exception">The system refuses to execute the file.</exception>
    public PipedJob(string file, IReadOnlyList<string> command)
    {
        try
        {
            _process = SpawnedProcess.Start(file, command, _stdout.ClientSafePipeHandle, _stderr.ClientSafePipeHandle);
        }
        catch
        {
            Dispose();
            throw;
        }
        finally
        {
            // Only then do we see the end of its outputs.
            _stdout.DisposeLocalCopyOfClientHandle();
            _stderr.DisposeLocalCopyOfClientHandle();
        }
    }

    public override Stream Stdout => _stdout;

    public override Stream Stderr => _stderr;

    public override Task<int> WaitForExitAsync() => _process.Exit;

    public override void Signal(int signal) => _process.Signal(signal);

    public override void Dispose()
    {
        _stdout.Dispose();
        _stderr.Dispose();
    }
}
