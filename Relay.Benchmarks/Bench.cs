using System.Diagnostics;
using Relay.Benchmarks.Load;
using Relay.Benchmarks.Reporting;

namespace Relay.Benchmarks;

/// <summary>What the workloads of one run share.</summary>
/// <param name="isQuick">A look instead of a measurement: one round, small sizes.</param>
/// <param name="rounds">How often each figure is measured, after a warm-up.</param>
/// <param name="rows">Measures only what has one of these in its name; empty for all.</param>
/// <param name="report">Takes the figures.</param>
internal sealed class Bench(bool isQuick, int rounds, IReadOnlyCollection<string> rows, Report report)
{
    private const int Lines = 2_000_000;
    private const int QuickDivisor = 8;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);
    private readonly Lazy<Corpus> _corpus = new(() => new Corpus(isQuick ? Lines / QuickDivisor : Lines));

    public bool IsQuick => isQuick;

    /// <summary>2,000,000 lines; fewer in a quick run.</summary>
    public Corpus Corpus => _corpus.Value;

    /// <summary>A size, or a duration, made smaller in a quick run.</summary>
    public int Size(int full) => isQuick ? full / QuickDivisor : full;

    public Row Add(Row row) => report.Add(row);

    /// <summary>
    /// Measures everything once per round, one after the other, so that whatever the machine does meanwhile it does to all of them; after each has warmed up,
    /// which does not count.
    /// </summary>
    public async Task RoundsAsync(params IReadOnlyList<Measurement> measurements)
    {
        var wanted = Wanted(measurements);
        await WarmUpAsync(wanted);
        for (var round = 1; round <= rounds; round++)
        {
            await RoundAsync(wanted);
            await SayAsync($"  round {round} of {rounds}");
        }
    }

    /// <summary>Measures everything once, without a round before: for what comes out the same each time.</summary>
    public Task OnceAsync(params IReadOnlyList<Measurement> measurements) => RoundAsync(Wanted(measurements));

    /// <summary>Says what is going on.</summary>
    public static Task SayAsync(string line) => Console.Error.WriteLineAsync(line);

    /// <summary>Runs each for a while: .NET compiles what runs often a second and a third time, and is done with that after seconds, not after runs.</summary>
    private async Task WarmUpAsync(IEnumerable<Measurement> measurements)
    {
        foreach (var measurement in measurements)
        {
            var began = Stopwatch.GetTimestamp();
            do
            {
                await measurement.RunAsync();
            }
            while (!isQuick && Stopwatch.GetElapsedTime(began) < WarmUp);
        }

        await SayAsync("  warmed up");
    }

    private static async Task RoundAsync(IEnumerable<Measurement> measurements)
    {
        foreach (var measurement in measurements)
        {
            foreach (var figure in await measurement.RunAsync())
            {
                figure.Row.Samples.Add(figure.Value);
                figure.Row.ServerCpuSeconds.AddRange(figure.ServerCpu is { } server ? [server.TotalSeconds] : []);
                figure.Row.ClientCpuSeconds.AddRange(figure.ClientCpu is { } client ? [client.TotalSeconds] : []);
            }
        }
    }

    private List<Measurement> Wanted(IEnumerable<Measurement> measurements) => [.. measurements.Where(measurement => measurement.Rows.Any(IsWanted))];

    private bool IsWanted(Row row) => rows.Count == 0 || rows.Any(text => row.Name.Contains(text, StringComparison.OrdinalIgnoreCase));
}

/// <summary>Something that gives a sample for each of some rows, as often as it is asked to.</summary>
internal sealed record Measurement(IReadOnlyList<Row> Rows, Func<Task<IEnumerable<Figure>>> RunAsync);

/// <summary>One sample of one row.</summary>
internal readonly record struct Figure(Row Row, double Value, TimeSpan? ServerCpu = null, TimeSpan? ClientCpu = null);
