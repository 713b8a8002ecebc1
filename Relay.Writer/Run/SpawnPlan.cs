using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Relay.Writer.Run;

/// <summary>What posix_spawn(3) does in the child before the program begins. The C library's types are opaque; these buffers are larger than
/// those of glibc and musl (80, 336 and 128 bytes).</summary>
internal sealed unsafe partial class SpawnPlan : IDisposable
{
    private const int BrokenPipe = 13;
    private const short SetDefaultSignals = 4;

    private readonly byte* _actions = (byte*)NativeMemory.AllocZeroed(512);
    private readonly byte* _attributes = (byte*)NativeMemory.AllocZeroed(1024);
    private readonly byte* _signals = (byte*)NativeMemory.AllocZeroed(256);
    private readonly List<nint> _texts = [];

    public SpawnPlan()
    {
        Check(posix_spawn_file_actions_init(_actions));
        Check(posix_spawnattr_init(_attributes));
    }

    public void Redirect(SafeHandle ours, int theirs) => Check(posix_spawn_file_actions_adddup2(_actions, (int)ours.DangerousGetHandle(), theirs));

    /// <summary>
    /// .NET ignores SIGPIPE for itself, and what is ignored stays so over exec: in a job's <c>yes | head -1</c> the first command would then
    /// complain, or never end, instead of dying in silence.
    /// </summary>
    public void ResetPipeSignal()
    {
        _ = sigemptyset(_signals);
        _ = sigaddset(_signals, BrokenPipe);
        Check(posix_spawnattr_setsigdefault(_attributes, _signals));
        Check(posix_spawnattr_setflags(_attributes, SetDefaultSignals));
    }

    /// <returns>The process id.</returns>
    public int Spawn(string file, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string?>> environment)
    {
        fixed (nint* argv = Vector(arguments), envp = Vector(environment.Select(pair => $"{pair.Key}={pair.Value}")))
        {
            Check(posix_spawn(out var id, (byte*)Text(file), _actions, _attributes, argv, envp));
            return id;
        }
    }

    public void Dispose()
    {
        _ = posix_spawn_file_actions_destroy(_actions);
        _ = posix_spawnattr_destroy(_attributes);
        _texts.ForEach(Marshal.FreeCoTaskMem);
        NativeMemory.Free(_actions);
        NativeMemory.Free(_attributes);
        NativeMemory.Free(_signals);
    }

    private nint[] Vector(IEnumerable<string> texts) => [.. texts.Select(Text), 0];

    private nint Text(string text)
    {
        _texts.Add(Marshal.StringToCoTaskMemUTF8(text));
        return _texts[^1];
    }

    // These functions return the error instead of setting errno.
    private static void Check(int error)
    {
        if (error != 0)
        {
            throw new Win32Exception(error);
        }
    }

    [LibraryImport("libc")]
    private static partial int posix_spawn(out int id, byte* file, byte* actions, byte* attributes, nint* argv, nint* envp);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(byte* actions, int ours, int theirs);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigdefault(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    private static partial int sigemptyset(byte* signals);

    [LibraryImport("libc")]
    private static partial int sigaddset(byte* signals, int number);
}
