using Relay.Contracts;

namespace Relay.Cli.Tail.Lines;

/// <summary>A line, or a piece of one that is long or has not ended yet. Valid only during the call that hands it over.</summary>
internal readonly ref struct LogLine
{
    public required TailedSession Session { get; init; }

    public required OutputType Output { get; init; }

    /// <summary>The bytes without the newline.</summary>
    public required ReadOnlySpan<byte> Text { get; init; }

    /// <summary>When the relay stored the first byte: microseconds since 1970-01-01T00:00:00Z.</summary>
    public long TimeMicros { get; init; }

    /// <summary>Offset of the first byte in its output.</summary>
    public long Offset { get; init; }

    /// <summary>Sequence of the record that has the first byte.</summary>
    public long Sequence { get; init; }

    /// <summary>Whether the line begins here; else this goes on where the last piece stopped.</summary>
    public bool Begins { get; init; }

    /// <summary>Whether a newline ended the line; else the rest follows, or never came.</summary>
    public bool Ends { get; init; }

    /// <summary>Resumes behind this line, where that is known.</summary>
    public string? Cursor { get; init; }
}
