namespace Relay.Writer.Run;

/// <summary>What <c>relay-writer run</c> was asked to do.</summary>
internal sealed record RunOptions
{
    public required string Session { get; init; }

    public required Uri Url { get; init; }

    public required IReadOnlyList<string> Command { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>How long to go on delivering after the command ended. Default 30 s.</summary>
    public TimeSpan FlushTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long to wait, after the command ended, for outputs that its background processes hold open. Default 3 s.</summary>
    public TimeSpan OrphanGrace { get; init; } = TimeSpan.FromSeconds(3);
}
