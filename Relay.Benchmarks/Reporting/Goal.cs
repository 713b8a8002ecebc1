namespace Relay.Benchmarks.Reporting;

/// <summary>What a figure should be, and the least that is accepted.</summary>
/// <param name="Target">The goal; infinite and out of reach where there is only a floor.</param>
/// <param name="Floor">The least, or with <paramref name="AtMost"/> the most; infinite, so that all holds, where there is none.</param>
/// <param name="AtMost">Smaller is better.</param>
internal sealed record Goal(double Target, double Floor, bool AtMost = false)
{
    public Verdict Judge(double value) =>
        Holds(value, Target) ? Verdict.Goal : Holds(value, Floor) ? Verdict.Floor : Verdict.Below;

    private bool Holds(double value, double bound) => AtMost ? value <= bound : value >= bound;
}

/// <summary>Where a figure stands.</summary>
internal enum Verdict
{
    /// <summary>The goal is met.</summary>
    Goal,

    /// <summary>Not the goal, but what is accepted.</summary>
    Floor,

    /// <summary>Not even that.</summary>
    Below,
}
