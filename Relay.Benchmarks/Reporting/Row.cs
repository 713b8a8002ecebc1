namespace Relay.Benchmarks.Reporting;

/// <summary>One line of the table: something that was measured, once in each round.</summary>
/// <param name="Workload">The workload, as W1.</param>
/// <param name="Name">What was measured.</param>
/// <param name="Unit">The unit of the samples.</param>
internal sealed record Row(string Workload, string Name, string Unit)
{
    /// <summary>What it is compared with, round by round: the samples are then judged as ratios.</summary>
    public Row? Against { get; init; }

    public Goal? Goal { get; init; }

    /// <summary>The figures, in the order of the rounds.</summary>
    public List<double> Samples { get; } = [];

    /// <summary>Processor seconds of the server, in the same order; empty where they say nothing.</summary>
    public List<double> ServerCpuSeconds { get; } = [];

    /// <summary>The same of all clients together.</summary>
    public List<double> ClientCpuSeconds { get; } = [];

    /// <summary>The samples over those of <see cref="Against"/>, round by round.</summary>
    public IReadOnlyList<double> Ratios => Against is null ? [] : [.. Samples.Zip(Against.Samples, (own, other) => own / other)];

    /// <summary>What the goal is about: the ratio, if there is one.</summary>
    public double Judged => Statistics.Median(Against is null ? Samples : Ratios);

    public Verdict? Verdict => Samples.Count == 0 || (Against is not null && Ratios.Count == 0) ? null : Goal?.Judge(Judged);
}
