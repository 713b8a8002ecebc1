using System.Diagnostics.Tracing;

namespace Relay.Tests.Faults;

/// <summary>What this process holds: handles, memory, rented buffers, threads; and tasks that failed while nobody looked.</summary>
internal sealed class ProcessLedger : EventListener
{
    private const string Pools = "System.Buffers.ArrayPoolEventSource";
    private const int Rented = 1;
    private const int Returned = 3;

    private readonly List<string> _unobserved = [];
    private long _rented;
    private long _rentals;

    public ProcessLedger()
    {
        Collect(); // Tasks of earlier tests are not of interest.
        TaskScheduler.UnobservedTaskException += OnUnobserved;
    }

    /// <summary>Buffers of the shared pools that were rented and not returned since the ledger was opened; negative if they were rented before.</summary>
    public long Buffers => Interlocked.Read(ref _rented);

    /// <summary>How often a buffer was rented at all.</summary>
    public long Rentals => Interlocked.Read(ref _rentals);

    /// <summary>Each kind of exception that a task ended with and that nobody asked for.</summary>
    public IReadOnlyList<string> Unobserved
    {
        get
        {
            Collect();
            lock (_unobserved)
            {
                return [.. _unobserved.Distinct(StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Bytes in use after a full collection.</summary>
    public static long Memory
    {
        get
        {
            Collect();
            return GC.GetTotalMemory(forceFullCollection: true);
        }
    }

    public static int Sockets => Handles.Count(IsSocket);

    /// <summary>What all handles but sockets are of. Without assemblies and their symbols, which stay open once they were needed.</summary>
    public static IReadOnlyList<string> Files =>
        [.. Handles.Where(handle => !IsSocket(handle) && Path.GetExtension(handle) is not (".dll" or ".pdb" or ".so")).Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Handles =>
        Directory.EnumerateFileSystemEntries("/proc/self/fd").Select(TargetOf).OfType<string>();

    public override void Dispose()
    {
        TaskScheduler.UnobservedTaskException -= OnUnobserved;
        base.Dispose();
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Pools)
        {
            EnableEvents(eventSource, EventLevel.Verbose);
        }
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventSource.Name != Pools)
        {
            return;
        }

        if (eventData.EventId == Rented)
        {
            Interlocked.Increment(ref _rented);
            Interlocked.Increment(ref _rentals);
        }
        else if (eventData.EventId == Returned)
        {
            Interlocked.Decrement(ref _rented);
        }
    }

    private static bool IsSocket(string target) => target.StartsWith("socket:", StringComparison.Ordinal);

    private static string? TargetOf(string handle)
    {
        try
        {
            // What is no file is shown as socket:[1234]; .NET takes that for a path beside the link.
            return File.ResolveLinkTarget(handle, returnFinalTarget: false) is not { } target ? null
                : target.Name.Contains(":[", StringComparison.Ordinal) ? target.Name
                : target.FullName;
        }
        catch (IOException)
        {
            return null; // It was the one that listed the others, or was closed meanwhile.
        }
    }

    private static void Collect()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
            GC.WaitForPendingFinalizers();
        }
    }

    private void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs failure)
    {
        lock (_unobserved)
        {
            _unobserved.Add(failure.Exception.GetBaseException().ToString());
        }
    }
}
