namespace Relay.Tests.Faults;

/// <summary>
/// A random moment of a process's start or recovery. What goes on in there shows nowhere, so here, and only here, time is the fault's place and
/// not a way to wait for something.
/// </summary>
internal static class EarlyMoment
{
    /// <summary>A little more than any of the programs needs to start on a quiet machine.</summary>
    private const int MaxMilliseconds = 700;

    public static Task Pass(Random random) => Task.Delay(TimeSpan.FromMilliseconds(random.Next(MaxMilliseconds)), TimeProvider.System);
}
