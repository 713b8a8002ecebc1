namespace Relay.Contracts;

/// <summary>Argument of <see cref="HubRoutes.ReadLines"/>.</summary>
public sealed record LinesRequest
{
    /// <summary>Contract version of the reader.</summary>
    public int Version { get; init; } = ContractVersion.Current;

    /// <summary>The session's id.</summary>
    public string Session { get; init; } = "";

    /// <summary>The outputs whose lines are wanted. Empty means all.</summary>
    public IReadOnlyList<OutputType> Outputs { get; init; } = [];

    /// <summary>The first wanted line, counted from 0 among the lines of these outputs; −N: the last N lines, up to the tail.</summary>
    public long First { get; init; }

    /// <summary>How many lines, 1–<see cref="LinePage.MaxLines"/>. From the end it is −<see cref="First"/>, whatever stands here.</summary>
    public int Count { get; init; }

    /// <summary>Just these lines, at most <see cref="LinePage.MaxLines"/>, ascending; <see cref="First"/> and <see cref="Count"/> do not count then. Empty: as they say.</summary>
    public IReadOnlyList<long> At { get; init; } = [];
}

/// <summary>
/// Lines of a log, in the order in which they ended. A page may have fewer than were asked for, at least one where there is one: it is held to about 1 MiB.
/// </summary>
public sealed record LinePage
{
    /// <summary>The most lines of a page.</summary>
    public const int MaxLines = 1000;

    /// <summary>Resumes right behind the page. Only of a page that was counted from the end: it reaches to the tail. Else null.</summary>
    public string? Cursor { get; init; }

    /// <summary>How both outputs stand: at the page's end if it reaches to the tail, else now.</summary>
    public IReadOnlyList<OutputPlace> Outputs { get; init; } = [];

    /// <summary>Lines and gaps, in their order.</summary>
    public IReadOnlyList<PageEntry> Entries { get; init; } = [];
}

/// <summary>How one output stands.</summary>
public sealed record OutputPlace
{
    /// <summary>The output.</summary>
    public OutputType Output { get; init; }

    /// <summary>Count of its newlines.</summary>
    public long Lines { get; init; }

    /// <summary>Offset of its next byte.</summary>
    public long Offset { get; init; }

    /// <summary>How many of its lines retention has taken.</summary>
    public long FirstLine { get; init; }

    /// <summary>With a page that reaches to the tail, and if the output was asked for: the line that has begun there and not ended.</summary>
    public PageEntry? Open { get; init; }
}

/// <summary>A line or a gap of a <see cref="LinePage"/>.</summary>
public sealed record PageEntry
{
    /// <summary>The most first bytes of a line that a page has.</summary>
    public const int MaxHeadBytes = 16 * 1024;

    /// <summary>The most last bytes of a longer line.</summary>
    public const int MaxTailBytes = 4 * 1024;

    /// <summary><see cref="LogEntryKind.Data"/>: a line. <see cref="LogEntryKind.Gap"/>: a gap.</summary>
    public LogEntryKind Kind { get; init; }

    /// <summary>Line: its place among all lines of the session, from 0; the count of newlines of both outputs before its own.</summary>
    public long Number { get; init; }

    /// <summary>Line: its place among the lines of its output, from 0.</summary>
    public long Index { get; init; }

    /// <summary>The output.</summary>
    public OutputType Output { get; init; }

    /// <summary>Offset of the first byte.</summary>
    public long Offset { get; init; }

    /// <summary>Count of bytes, for a line without its newline.</summary>
    public long Length { get; init; }

    /// <summary>Line: when its first byte was stored, in microseconds since 1970-01-01T00:00:00Z.</summary>
    public long TimeMicros { get; init; }

    /// <summary>
    /// Line: its first bytes, all of them unless it is longer than this and <see cref="Tail"/> may be. What a carriage return began anew, as a progress bar
    /// does, has only its last state, as a terminal shows it; returns at the end are left out.
    /// </summary>
    public ReadOnlyMemory<byte> Head { get; init; }

    /// <summary>Line: its last bytes, if not all of it is in <see cref="Head"/>.</summary>
    public ReadOnlyMemory<byte> Tail { get; init; }

    /// <summary>Line: how many bytes between <see cref="Head"/> and <see cref="Tail"/> are left out.</summary>
    public long Omitted { get; init; }

    /// <summary>Line: whether a newline ended it; else more may come, or a gap follows.</summary>
    public bool Ends { get; init; }

    /// <summary>Line: how often a carriage return began it anew.</summary>
    public long Redraws { get; init; }

    /// <summary>Gap: why the bytes are missing.</summary>
    public GapReason Gap { get; init; }
}
