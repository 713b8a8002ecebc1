using Relay.Contracts;

namespace Relay.Cli.Tail.Lines;

/// <summary>Where lines go: through a filter, as text, or as JSON.</summary>
internal interface ILineSink
{
    void Line(in LogLine line);

    /// <summary>Lines were left out here between two groups that belong apart.</summary>
    void Separator(OutputType output);

    /// <summary>A gap, a divergence or the end, in its place between the lines.</summary>
    void Mark(TailedSession session, in LogEntry mark, string? cursor);
}
