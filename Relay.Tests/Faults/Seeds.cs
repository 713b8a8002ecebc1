using System.Globalization;
using System.Runtime.CompilerServices;

namespace Relay.Tests.Faults;

/// <summary>
/// Runs a random scenario once for each of many seeds. A failure names its seed, and <c>RELAY_TEST_SEED</c> replays that one alone.
/// <c>RELAY_TEST_FIRST_SEED</c> moves the range, to try seeds that nobody has tried.
/// </summary>
internal static class Seeds
{
    private static readonly int? Only = FromEnvironment("RELAY_TEST_SEED");
    private static readonly int First = FromEnvironment("RELAY_TEST_FIRST_SEED") ?? 1;

    /// <summary>Whether one seed is replayed, so that nothing can be said of all of them.</summary>
    public static bool IsReplay => Only is not null;

    /// <summary>One after the other.</summary>
    public static async Task ForEach(int count, Func<int, Task> scenario, [CallerMemberName] string test = "")
    {
        foreach (var seed in Range(count))
        {
            await Try(seed, scenario, test);
        }
    }

    /// <summary>As many at a time as there are processors: for scenarios that share nothing.</summary>
    /// <param name="count">How many seeds.</param>
    /// <param name="scenario">What to do with one.</param>
    /// <param name="perProcessor">More than one for scenarios that mostly wait: for connections, for the disk, for each other.</param>
    /// <param name="test">The test's name.</param>
    public static Task ForEachInParallel(int count, Func<int, Task> scenario, int perProcessor = 1, [CallerMemberName] string test = "") =>
        Parallel.ForEachAsync(
            Range(count), new ParallelOptions { MaxDegreeOfParallelism = perProcessor * Environment.ProcessorCount }, async (seed, _) => await Try(seed, scenario, test));

    private static IEnumerable<int> Range(int count) => Only is { } seed ? [seed] : Enumerable.Range(First, count);

    private static async Task Try(int seed, Func<int, Task> scenario, string test)
    {
        try
        {
            await scenario(seed);
        }
        catch (Exception e)
        {
            throw new SeedFailedException($"Seed {seed}: {e.Message}\nReplay it with: RELAY_TEST_SEED={seed} ./test.sh --filter Name={test}", e);
        }
    }

    private static int? FromEnvironment(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}

/// <summary>A scenario failed; the message says which, and how to see it again.</summary>
internal sealed class SeedFailedException(string message, Exception innerException) : Exception(message, innerException);
