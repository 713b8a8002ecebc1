using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Relay.Writer.Run;

/// <summary>
/// A command whose stdout and stderr are pseudo-terminals, one each so that they stay apart. It stays in our session: its controlling terminal
/// is ours, if we have one, so the keyboard's signals and prompts for passwords go on as before; and what it leaves in the background is not hung up on when it
/// ends. Linux only.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class PtyJob : Job
{
    private readonly PseudoTerminal _stdout;
    private readonly PseudoTerminal _stderr;
    private readonly PosixSignalRegistration _resized;
    private readonly SpawnedProcess _process;

    /// <exception cref="IOException">There is no pseudo-terminal to be had. What was opened until then goes with our process, which is about to end.</exception>
    /// <exception cref="System.ComponentModel.Win32Exception">The system refuses to execute the file. The same.</exception>
    public PtyJob(string file, IReadOnlyList<string> command)
    {
        var size = WindowSize.OfOurTerminal();
        _stdout = PseudoTerminal.Open(size);
        _stderr = PseudoTerminal.Open(size);
        // Before the command begins, so that no change of the size is missed.
        _resized = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Resize());
        _process = SpawnedProcess.Start(file, command, _stdout.Slave, _stderr.Slave);
        _stdout.Slave.Dispose();
        _stderr.Slave.Dispose();
        (Stdout, Stderr) = (new PtyOutput(_stdout.Master).Stream, new PtyOutput(_stderr.Master).Stream);
    }

    public override Stream Stdout { get; }

    public override Stream Stderr { get; }

    public override Task<int> WaitForExitAsync() => _process.Exit;

    public override void Signal(int signal) => _process.Signal(signal);

    public override void Dispose()
    {
        _resized.Dispose();
        _stdout.Dispose();
        _stderr.Dispose();
    }

    private void Resize()
    {
        var size = WindowSize.OfOurTerminal();
        size.ApplyTo(_stdout.Master);
        size.ApplyTo(_stderr.Master);
        // The kernel told the terminal's whole foreground group, the command too, maybe before its own terminals had the new size. At the very
        // start there is no command yet.
        _process?.Signal(UnixSignals.WindowChanged);
    }
}
