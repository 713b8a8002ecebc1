using Relay.Contracts;

namespace Relay.Server.Lines;

/// <summary>Told what a <see cref="LineWalk"/> comes by.</summary>
internal interface ILineVisitor
{
    /// <summary>Of a line that began before the place where the walk begins, how many bytes it wants told; of a longer one, its first and last bytes.</summary>
    long MostTakenUp => PageEntry.MaxHeadBytes + PageEntry.MaxTailBytes;

    void Line(in WalkedLine line);

    /// <summary>A piece of a line that does not come whole. <see cref="Line"/> follows, however long it takes.</summary>
    void Part(OutputType output, ReadOnlySpan<byte> text)
    {
    }

    /// <param name="gap">The gap.</param>
    /// <param name="position">Place of the next line among those of the outputs that are walked.</param>
    void Gap(in LogEntry gap, long position);
}

/// <summary>A line in passing. Its text is valid only during the call.</summary>
internal readonly ref struct WalkedLine
{
    /// <summary>Its place among all lines of the session, from 0.</summary>
    public required long Number { get; init; }

    /// <summary>Its place among the lines of the outputs that are walked.</summary>
    public required long Position { get; init; }

    /// <summary>Its place among the lines of its output.</summary>
    public required long Index { get; init; }

    public required OutputType Output { get; init; }

    /// <summary>Of its first byte.</summary>
    public required long Offset { get; init; }

    /// <summary>In bytes, without the newline.</summary>
    public required long Length { get; init; }

    /// <summary>When its first byte was stored, in microseconds since 1970.</summary>
    public required long TimeMicros { get; init; }

    public required ReadOnlySpan<byte> Head { get; init; }

    public required ReadOnlySpan<byte> Tail { get; init; }

    /// <summary>How many bytes between head and tail are left out.</summary>
    public required long Omitted { get; init; }

    /// <summary>Whether a newline ended it.</summary>
    public required bool Ends { get; init; }

    public required long Redraws { get; init; }

    public PageEntry ToEntry() => new()
    {
        Kind = LogEntryKind.Data,
        Number = Number,
        Index = Index,
        Output = Output,
        Offset = Offset,
        Length = Length,
        TimeMicros = TimeMicros,
        Head = Head.ToArray(),
        Tail = Tail.ToArray(),
        Omitted = Omitted,
        Ends = Ends,
        Redraws = Redraws,
    };
}
