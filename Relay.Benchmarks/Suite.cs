using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using Relay.Benchmarks.Reporting;
using Relay.Benchmarks.Workloads;

namespace Relay.Benchmarks;

/// <summary>All workloads, one after the other.</summary>
internal static class Suite
{
    private const int Rounds = 5;

    private static readonly IReadOnlyList<IWorkload> Workloads =
    [
        new Throughput(), new FanOut(), new PacedLatency(), new IdleCost(), new CatchUp(), new ManySessions(), new Durability(), new Startup(),
    ];

    /// <returns>0; 1 when a figure is below its floor; 2 when there is no such workload.</returns>
    public static async Task<int> RunAsync(bool isQuick, IReadOnlyCollection<string> only, IReadOnlyCollection<string> rows, int? rounds, FileInfo? json)
    {
        if (only.FirstOrDefault(id => !Workloads.Any(workload => Is(workload, id))) is { } unknown)
        {
            await Console.Error.WriteLineAsync($"There is no workload '{unknown}'; there are {string.Join(", ", Workloads.Select(workload => workload.Id))}.");
            return 2;
        }

        var count = rounds ?? (isQuick ? 1 : Rounds);
        var report = new Report(Machine(), Commit(), isQuick ? "a quick look, not a measurement" : $"{count} rounds after a warm-up");
        var bench = new Bench(isQuick, count, rows, report);
        foreach (var workload in Workloads.Where(workload => only.Count == 0 || only.Any(id => Is(workload, id))))
        {
            await Bench.SayAsync($"{workload.Id}: {workload.Title}");
            await workload.RunAsync(bench);
            foreach (var row in report.Rows.Where(row => row.Workload == workload.Id && row.Samples.Count > 0))
            {
                await Bench.SayAsync($"  {MarkdownTable.Of(row)}");
            }
        }

        await report.PrintAsync(json);
        return report.Rows.Any(row => row.Verdict == Verdict.Below) ? 1 : 0;
    }

    private static bool Is(IWorkload workload, string id) => workload.Id.Equals(id.Trim(), StringComparison.OrdinalIgnoreCase);

    /// <summary>What is measured on.</summary>
    public static string Machine()
    {
        var cpu = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim()
            : null;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Environment.ProcessorCount} cores ({cpu ?? RuntimeInformation.ProcessArchitecture.ToString()}), {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}");
    }

    /// <summary>What is measured.</summary>
    public static string Commit() =>
        typeof(Suite).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+').Last() ?? "unknown";
}
