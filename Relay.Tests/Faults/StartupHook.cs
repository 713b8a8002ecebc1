using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

/// <summary>
/// Lets a test ask a relay that is a process of its own how much of its managed memory is in use. The runtime calls it before the relay's own
/// <c>Main</c> when <c>DOTNET_STARTUP_HOOKS</c> names this assembly; it demands this name, outside of all namespaces. See <c>MeasuredRelay</c>.
/// </summary>
/// <remarks>
/// It runs among the relay's assemblies, so it may use nothing but the runtime's own.
/// <see href="https://github.com/dotnet/runtime/blob/main/docs/design/features/host-startup-hook.md"/>
/// </remarks>
[SuppressMessage("Design", "CA1050:Declare types in namespaces", Justification = "The runtime looks for this name.")]
[SuppressMessage("Design", "MA0047:Declare types in namespaces", Justification = "The runtime looks for this name.")]
internal static class StartupHook
{
    /// <summary>The variable with the path of the Unix socket on which to be asked: who connects is told the bytes, in ASCII.</summary>
    public const string SocketVariable = "HEAP_PROBE_SOCKET";

    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(SocketVariable) is { Length: > 0 } path)
        {
            var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(new UnixDomainSocketEndPoint(path));
            listener.Listen();
            new Thread(() => Answer(listener)) { IsBackground = true, Name = nameof(StartupHook) }.Start();
        }
    }

    private static void Answer(Socket listener)
    {
        while (true)
        {
            using var asker = listener.Accept();
            asker.Send(Encoding.ASCII.GetBytes(BytesInUse().ToString(CultureInfo.InvariantCulture)));
        }
    }

    private static long BytesInUse()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
        return GC.GetTotalMemory(forceFullCollection: false);
    }
}
