namespace Relay.Tests.Faults;

/// <summary>Lets some calls of a run fail: those from a number on, as far as the fault can befall them.</summary>
/// <param name="name">What the fault is called in messages.</param>
/// <param name="fault">The fault, or null for a run without any.</param>
/// <param name="operations">What it can befall.</param>
/// <param name="first">Number of the first call that fails, from 1.</param>
/// <param name="count">How many calls are in reach.</param>
internal sealed class CallFaults(string name, DiskFault? fault, DiskOperation[] operations, int first, int count)
{
    /// <summary>Calls of the run so far; what a test does to look is not counted.</summary>
    public int Calls { get; private set; }

    /// <summary>The operations of all calls so far.</summary>
    public List<DiskOperation> Operations { get; } = [];

    /// <summary>The calls that failed.</summary>
    public List<DiskCall> Hits { get; } = [];

    public bool IsPaused { get; set; }

    /// <summary>A relay starts: one read at most fails. A place that cannot be read again either counts as damaged, and damage has tests of its own.</summary>
    public bool IsStart { get; set; }

    public bool IsOver => Calls >= first + count - 1;

    public DiskFault? Fault => fault;

    public DiskFault? Decide(DiskCall call)
    {
        if (IsPaused)
        {
            return null;
        }

        Calls++;
        Operations.Add(call.Operation);
        if (fault is null || Calls < first || Calls >= first + count || !operations.Contains(call.Operation)
            || (IsStart && call.Operation == DiskOperation.Read && Hits.Count > 0 && Hits[^1].Operation == DiskOperation.Read))
        {
            return null;
        }

        Hits.Add(call with { Number = Calls });
        return fault;
    }

    public override string ToString() => $"{name}, {count} calls from number {first} on; {(Hits.Count == 0 ? "none failed" : $"{Hits.Count} failed, first {Hits[0]}")}";
}
