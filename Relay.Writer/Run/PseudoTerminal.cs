using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Relay.Writer.Run;

/// <summary>
/// A pseudo-terminal for one output of the command: what is written to <see cref="Slave"/> is read from <see cref="Master"/>, byte for byte,
/// because output processing (a line feed becomes carriage return and line feed) is off. It is nobody's controlling terminal.
/// </summary>
internal sealed partial class PseudoTerminal : IDisposable
{
    private const int ReadWrite = 2;
    private const int NoControllingTerminal = 0x100;
    private const int CloseOnExec = 0x80000;
    private const uint OutputProcessing = 1;
    private const int ApplyNow = 0;

    private PseudoTerminal(SafeFileHandle master, SafeFileHandle slave) => (Master, Slave) = (master, slave);

    public SafeFileHandle Master { get; }

    /// <summary>Closed by the owner once the command has it: only then does the master see the end.</summary>
    public SafeFileHandle Slave { get; }

    /// <exception cref="IOException">The system has no pseudo-terminal left, or none at all.</exception>
    public static PseudoTerminal Open(WindowSize size)
    {
        var master = Owned(posix_openpt(ReadWrite | NoControllingTerminal | CloseOnExec));
        try
        {
            Span<byte> name = stackalloc byte[128];
            Check(unlockpt(master));
            Check(ptsname_r(master, name, (nuint)name.Length));
            var slave = Owned(open(name, ReadWrite | NoControllingTerminal | CloseOnExec));
            Check(tcgetattr(slave, out var modes));
            modes.Output &= ~OutputProcessing;
            Check(tcsetattr(slave, ApplyNow, in modes));
            size.ApplyTo(master);
            return new PseudoTerminal(master, slave);
        }
        catch
        {
            master.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Slave.Dispose();
        Master.Dispose();
    }

    private static SafeFileHandle Owned(int descriptor)
    {
        Check(descriptor);
        return new SafeFileHandle(descriptor, ownsHandle: true);
    }

    private static void Check(int result)
    {
        if (result < 0)
        {
            throw new IOException($"no pseudo-terminal can be opened: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int posix_openpt(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlockpt(SafeFileHandle master);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ptsname_r(SafeFileHandle master, Span<byte> name, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int open(ReadOnlySpan<byte> name, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcgetattr(SafeFileHandle terminal, out Modes modes);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcsetattr(SafeFileHandle terminal, int when, in Modes modes);

    /// <summary>Linux' <c>struct termios</c>; what is not named here is carried along.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    private struct Modes
    {
        public uint Input;
        public uint Output;
        public uint Control;
        public uint Local;
    }
}
