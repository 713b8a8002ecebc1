using System.Runtime.InteropServices;

namespace Relay.Terminal;

/// <summary>
/// Writes to a file descriptor of this process with write(2) and nothing between. Console streams swallow a closed pipe, so that a tool
/// would run on for nobody; a <see cref="FileStream"/> on a file keeps its own position, so that stdout and stderr overwrite each other in
/// <c>&gt; file 2&gt;&amp;1</c>.
/// </summary>
/// <remarks>Writing waits when the other end does not read. Errors are <see cref="IOException"/>; <see cref="BrokenPipeException"/> when it is
/// gone.</remarks>
internal sealed partial class DescriptorStream(int descriptor) : Stream
{
    private const int Interrupted = 4;
    private const int BrokenPipe = 32;
    private const int FromHere = 1;
    private static readonly int TryAgain = OperatingSystem.IsLinux() ? 11 : 35;

    /// <summary>Whether a descriptor has a position, as files do and pipes, sockets and terminals do not.</summary>
    public static bool IsFile(int descriptor) => lseek(descriptor, 0, FromHere) >= 0;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var written = write(descriptor, buffer, (nuint)buffer.Length);
            if (written < 0)
            {
                RecoverFrom(Marshal.GetLastPInvokeError());
                continue;
            }

            buffer = buffer[(int)written..];
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override void Flush()
    {
        // Nothing is buffered.
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void RecoverFrom(int error)
    {
        if (error == TryAgain)
        {
            // Someone made the shared descriptor non-blocking: wait until it takes bytes again.
            var wait = new PollRequest { Descriptor = descriptor, Events = PollRequest.Writable };
            _ = poll(ref wait, 1, -1);
        }
        else if (error != Interrupted)
        {
            throw error == BrokenPipe
                ? new BrokenPipeException()
                : new IOException($"Writing to descriptor {descriptor} failed: {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int descriptor, ReadOnlySpan<byte> bytes, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(int descriptor, long offset, int whence);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(ref PollRequest request, nuint count, int timeoutMilliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollRequest
    {
        public const short Writable = 4;

        public int Descriptor;
        public short Events;
        public short Happened;
    }
}

/// <summary>Nobody reads what was written.</summary>
internal sealed class BrokenPipeException() : IOException("The other end of the pipe is closed.");
