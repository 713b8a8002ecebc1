using Relay.Contracts;

namespace Relay.Text;

/// <summary>Missing bytes in words, the same wherever people read of them.</summary>
internal static class GapWords
{
    public static string Of(in LogEntry gap) => $"{gap.Length} bytes of {gap.Output.ToName()} from offset {gap.Offset} are missing: {Why(gap.Gap)}";

    public static string Why(GapReason reason) => reason switch
    {
        GapReason.Trimmed => "removed by retention",
        GapReason.Corrupt => "damaged on the relay's disk",
        GapReason.LostByWriter => "the writer no longer had them",
        _ => "the relay left them out and did not say why",
    };
}
