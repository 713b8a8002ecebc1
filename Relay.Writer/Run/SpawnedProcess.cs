using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Relay.Writer.Run;

/// <summary>
/// A child process started by posix_spawn(3), for what <see cref="System.Diagnostics.Process"/> cannot do: give it descriptors of our choice, and SIGPIPE.
/// .NET reaps only the processes that it started itself, so this one's status is ours to collect. Linux only.
/// </summary>
internal sealed partial class SpawnedProcess
{
    private const int Child = 17;
    private const nint Ignored = 1;
    private const int FirstId = 1;
    private const int All = 0;
    private const int ById = 1;
    private const int Exited = 4;
    private const int LeaveWaitable = 0x01000000;
    private const int Interrupted = 4;

    // siginfo_t: three ints, then a union that is aligned like a pointer and begins with the process.
    private static readonly int EndedIdAt = nint.Size == 8 ? 16 : 12;

    private readonly Lock _gate = new();
    private readonly int _id;
    private readonly TaskCompletionSource<int> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _gone;

    private SpawnedProcess(int id)
    {
        _id = id;
        new Thread(Wait) { IsBackground = true, Name = "command's exit" }.Start();
    }

    /// <summary>Its exit code; 128 + N when signal N killed it.</summary>
    public Task<int> Exit => _exit.Task;

    /// <summary>Starts <paramref name="file"/>; our stdin is its stdin.</summary>
    /// <param name="file">The program's path.</param>
    /// <param name="arguments">Its arguments, the name by which it was called first.</param>
    /// <param name="stdout">A descriptor of ours.</param>
    /// <param name="stderr">A descriptor of ours.</param>
    /// <exception cref="Win32Exception">The system refuses to execute the file.</exception>
    public static SpawnedProcess Start(string file, IReadOnlyList<string> arguments, SafeHandle stdout, SafeHandle stderr)
    {
        KeepExitStatuses();
        using var plan = new SpawnPlan();
        plan.Redirect(stdout, 1);
        plan.Redirect(stderr, 2);
        plan.ResetPipeSignal();
        return new SpawnedProcess(plan.Spawn(file, arguments, JobEnvironment.Whole()));
    }

    public void Signal(int signal)
    {
        lock (_gate)
        {
            // Once it is reaped, its id may be somebody else's.
            if (!_gone)
            {
                UnixSignals.Send(_id, signal);
            }
        }
    }

    /// <summary>Who ignores SIGCHLD, and some callers hand that on to us, never learns how its children ended.</summary>
    private static void KeepExitStatuses()
    {
        Span<nint> action = stackalloc nint[32];
        if (sigaction(Child, 0, action) == 0 && action[0] == Ignored)
        {
            _ = signal(Child, 0);
        }
    }

    private void Wait()
    {
        WaitUntilReapable();
        int result;
        int status;
        lock (_gate)
        {
            _gone = true;
            result = waitpid(_id, out status, 0);
        }

        if (result != _id)
        {
            _exit.SetException(new Win32Exception(Marshal.GetLastPInvokeError()));
            return;
        }

        var killedBy = status & 0x7f;
        _exit.SetResult(killedBy == 0 ? (status >> 8) & 0xff : 128 + killedBy);
    }

    /// <summary>
    /// Leaves it to be reaped. As the first process of a container we are the parent, too, of all that the command leaves behind; what has ended of that is reaped
    /// here, or it would fill the table of processes.
    /// </summary>
    private void WaitUntilReapable()
    {
        var kind = Environment.ProcessId == FirstId ? All : ById;
        Span<byte> information = stackalloc byte[128];
        while (true)
        {
            if (waitid(kind, (uint)_id, information, Exited | LeaveWaitable) == 0)
            {
                var ended = MemoryMarshal.Read<int>(information[EndedIdAt..]);
                if (ended == _id)
                {
                    return;
                }

                _ = waitpid(ended, out _, 0);
            }
            else if (Marshal.GetLastPInvokeError() != Interrupted)
            {
                return;
            }
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitid(int kind, uint id, Span<byte> information, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int id, out int status, int options);

    [LibraryImport("libc")]
    private static partial int sigaction(int number, nint action, Span<nint> before);

    [LibraryImport("libc")]
    private static partial nint signal(int number, nint disposition);
}
