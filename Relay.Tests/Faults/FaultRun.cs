using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace Relay.Tests.Faults;

/// <summary>
/// How large the fault tests run, and where their figures go. <c>./test.sh --full</c> sets <c>RELAY_TEST_FULL=1</c>, and names in
/// <c>RELAY_TEST_FIGURES</c> the file in which it collects the figures for <c>docs/reliability.md</c>.
/// </summary>
internal static class FaultRun
{
    private static readonly string? FiguresFile = Environment.GetEnvironmentVariable("RELAY_TEST_FIGURES");
    private static readonly Lock Writing = new();

    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("RELAY_TEST_FULL") == "1";

    public static int Size(int everyRun, int full) => IsFull ? full : everyRun;

    /// <summary>Notes what a fault test found, once it has passed: in the test's output, and as a row of the table of figures.</summary>
    /// <param name="output">Output of the test.</param>
    /// <param name="fault">The fault, worded as in <c>docs/reliability.md</c>.</param>
    /// <param name="size">How much was tried, e.g. <c>25 cycles</c>.</param>
    /// <param name="found">What came of it, e.g. <c>0 bytes lost, 0 doubled</c>.</param>
    /// <param name="started">Timestamp of the test's start.</param>
    public static void Report(ITestOutputHelper output, string fault, string size, string found, long started) => Note(output, fault, size, found, started);

    /// <summary>As <see cref="Report"/>, of an attack: its row stands in <c>docs/operations.md</c>.</summary>
    public static void ReportAttack(ITestOutputHelper output, string attack, string size, string found, long started) => Note(output, attack, size, found, started);

    private static void Note(ITestOutputHelper output, string fault, string size, string found, long started)
    {
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
        var row = $"| {fault} | {size} | {found} | {seconds} s |";
        output.WriteLine(row);
        if (FiguresFile is not null)
        {
            lock (Writing)
            {
                File.AppendAllText(FiguresFile, row + "\n");
            }
        }
    }
}
