using System.ComponentModel;
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

    private PipedJob(string file, IReadOnlyList<string> command)
    {
        try
        {
            _process = SpawnedProcess.Start(file, command, _stdout.ClientSafePipeHandle, _stderr.ClientSafePipeHandle);
            // Only then do we see the end of its outputs.
            _stdout.DisposeLocalCopyOfClientHandle();
            _stderr.DisposeLocalCopyOfClientHandle();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public override Stream Stdout => _stdout;

    public override Stream Stderr => _stderr;

    /// <inheritdoc cref="Job.Start"/>
    public static PipedJob Start(IReadOnlyList<string> command)
    {
        var file = CommandPath.Find(command[0]);
        try
        {
            return new PipedJob(file, command);
        }
        catch (Exception failure) when (failure is IOException or Win32Exception)
        {
            throw JobNotStartedException.NotExecutable(command[0], failure.Message);
        }
    }

    public override Task<int> WaitForExitAsync() => _process.Exit;

    public override void Signal(int signal) => _process.Signal(signal);

    public override void Dispose()
    {
        _stdout.Dispose();
        _stderr.Dispose();
    }
}
