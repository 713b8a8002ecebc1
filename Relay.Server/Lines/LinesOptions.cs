namespace Relay.Server.Lines;

/// <summary>Settings of the section <c>Lines</c>.</summary>
internal sealed class LinesOptions
{
    public const string Section = "Lines";

    /// <summary>How long a search works before it stops and says where it is; whoever asked may go on from there. 100 ms–10 min. Default 10 s.</summary>
    public TimeSpan SearchTime { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How many searches run at a time, 1–256; others wait. Default: half of the processors, at least one.</summary>
    public int Searches { get; set; } = Math.Max(1, Environment.ProcessorCount / 2);
}
