using System.IO.Pipes;

#pragma warning disable MA0047 // .NET looks for a type of this name outside of any namespace.

/// <summary>
/// Runs before the program in a server that is started with <c>DOTNET_STARTUP_HOOKS</c>, so that memory can be measured in the relay as it is shipped. The
/// name is .NET's: see docs/design/features/host-startup-hook.md in dotnet/runtime.
/// </summary>
internal static class StartupHook
{
    public const string PipeVariable = "BENCHMARKS_MEMORY_PIPE";

    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(PipeVariable) is { Length: > 0 } name)
        {
            new Thread(() => Answer(name)) { IsBackground = true, Name = "memory probe" }.Start();
        }
    }

    /// <summary>Answers each connection with the bytes of the heap that are left after a full collection.</summary>
    private static void Answer(string name)
    {
        while (true)
        {
            using var pipe = new NamedPipeServerStream(name, PipeDirection.Out);
            pipe.WaitForConnection();
            for (var i = 0; i < 3; i++)
            {
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
                GC.WaitForPendingFinalizers();
            }

            pipe.Write(BitConverter.GetBytes(GC.GetTotalMemory(forceFullCollection: true)));
        }
    }
}
