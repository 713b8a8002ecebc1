using Relay.Writer.Delivering;

namespace Relay.Writer.Run;

/// <summary>What <c>relay-writer run</c> was asked to do.</summary>
internal sealed record RunOptions
{
    public required DeliveryOptions Delivery { get; init; }

    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Whether the command's outputs are pseudo-terminals instead of pipes.</summary>
    public bool Pty { get; init; }

    /// <summary>How long to wait, after the command ended, for outputs that its background processes hold open. Default 3 s.</summary>
    public TimeSpan OrphanGrace { get; init; } = TimeSpan.FromSeconds(3);
}
