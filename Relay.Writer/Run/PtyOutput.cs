using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Relay.Writer.Run;

/// <summary>
/// Reads the master side of a pseudo-terminal. It has a thread of its own: a terminal cannot be waited for without blocking, and two blocked
/// threads of the pool would be all that it has on a small machine.
/// </summary>
internal sealed partial class PtyOutput
{
    private const int MostWaitingBytes = 64 * 1024;
    private const int ReadBytes = 16 * 1024;
    private const int Interrupted = 4;

    private readonly SafeFileHandle _master;
    private readonly System.IO.Pipelines.Pipe _pipe = new(new System.IO.Pipelines.PipeOptions(
        pauseWriterThreshold: MostWaitingBytes, resumeWriterThreshold: MostWaitingBytes / 2, useSynchronizationContext: false));

    public PtyOutput(SafeFileHandle master)
    {
        _master = master;
        Stream = _pipe.Reader.AsStream();
        new Thread(Run) { IsBackground = true, Name = "pseudo-terminal" }.Start();
    }

    /// <summary>What the command wrote. It ends when nobody has the slave side open any more.</summary>
    public Stream Stream { get; }

    private void Run()
    {
        try
        {
            while (Read(_pipe.Writer.GetSpan(ReadBytes)) is > 0 and var count)
            {
                _pipe.Writer.Advance(count);
                // While nobody reads, neither do we, and at some point the command waits.
                _ = ((IAsyncResult)_pipe.Writer.FlushAsync().AsTask()).AsyncWaitHandle.WaitOne();
            }
        }
        catch (ObjectDisposedException)
        {
            // The job was let go while a background process still held its output.
        }

        _pipe.Writer.Complete();
    }

    /// <returns>0 at the end, which a terminal reports as an I/O error.</returns>
    private int Read(Span<byte> buffer)
    {
        nint count;
        do
        {
            count = read(_master, buffer, (nuint)buffer.Length);
        }
        while (count < 0 && Marshal.GetLastPInvokeError() == Interrupted);

        return (int)Math.Max(0, count);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFileHandle descriptor, Span<byte> buffer, nuint count);
}
