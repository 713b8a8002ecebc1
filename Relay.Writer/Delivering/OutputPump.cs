namespace Relay.Writer.Delivering;

/// <summary>
/// Moves bytes from one output of a job to the relay, and on to our own. The relay's way comes first, so that nothing is shown that a crash
/// of ours could lose. It ends with the output. After the job's end a background process may hold the output open: then it ends when the
/// grace is over, with what the pipe held.
/// </summary>
internal sealed class OutputPump(Stream source, Stream passThrough, Func<ReadOnlyMemory<byte>, ValueTask> deliver, TimeProvider time)
{
    // What the spool takes at a time.
    private const int BufferBytes = 192 * 1024;

    // What is left in the pipe is there at once; and no pipe is larger than this unless somebody privileged made it so.
    private const int MostAfterGrace = 1024 * 1024;
    private static readonly TimeSpan LastLook = TimeSpan.FromMilliseconds(100);

    private bool _passing = true;

    /// <summary>Whether to end when nobody reads our own output any more, as commands in a pipeline do. Otherwise the log goes on without it.</summary>
    public bool EndsWithItsReader { get; init; }

    /// <summary>Whether our own output could not be written.</summary>
    public bool IsUnread => !_passing;

    public async Task RunAsync(Task exited, TimeSpan grace)
    {
        var graceOver = GraceAsync(exited, grace);
        var buffer = new byte[BufferBytes];
        var late = 0;
        while (late < MostAfterGrace && (_passing || !EndsWithItsReader) && await ReadAsync(buffer, graceOver) is > 0 and var count)
        {
            late += graceOver.IsCompleted ? count : 0;
            await deliver(buffer.AsMemory(0, count));
            PassThrough(buffer.AsSpan(0, count));
        }
    }

    private async Task<int> ReadAsync(byte[] buffer, Task graceOver)
    {
        var read = source.ReadAsync(buffer).AsTask();
        if (!read.IsCompleted && await Task.WhenAny(read, graceOver) != read)
        {
            await Task.WhenAny(read, Task.Delay(LastLook, time, CancellationToken.None));
            if (!read.IsCompleted)
            {
                return 0; // The read stays behind; the process is about to end.
            }
        }

        return await read;
    }

    private void PassThrough(ReadOnlySpan<byte> bytes)
    {
        try
        {
            if (_passing)
            {
                passThrough.Write(bytes);
                passThrough.Flush();
            }
        }
        catch (IOException)
        {
            _passing = false;
        }
    }

    private async Task GraceAsync(Task exited, TimeSpan grace)
    {
        await exited;
        await Task.Delay(grace, time, CancellationToken.None);
    }
}
