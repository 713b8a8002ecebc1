namespace Relay.Contracts;

/// <summary>Argument of <see cref="HubRoutes.Search"/>.</summary>
public sealed record SearchRequest
{
    /// <summary>The longest pattern, in characters.</summary>
    public const int MaxPattern = 1000;

    /// <summary>The most matches that one search gives.</summary>
    public const int MaxMatches = 100_000;

    /// <summary>Contract version of the reader.</summary>
    public int Version { get; init; } = ContractVersion.Current;

    /// <summary>The session's id.</summary>
    public string Session { get; init; } = "";

    /// <summary>The outputs that are searched. Empty means all.</summary>
    public IReadOnlyList<OutputType> Outputs { get; init; } = [];

    /// <summary>What a line must have, colours left out; empty: nothing, so that all lines of the level match.</summary>
    public string Pattern { get; init; } = "";

    /// <summary>The pattern is a regular expression: .NET's, without look-around, back references and atomic groups, so that it takes time that grows with the line only.</summary>
    public bool IsRegex { get; init; }

    /// <summary>Whether capitals differ from small letters.</summary>
    public bool MatchCase { get; init; }

    /// <summary>Only lines that say they are at least so bad.</summary>
    public LineLevel MinLevel { get; init; }

    /// <summary>Where to begin: a position, counted from 0 among the lines of the outputs; −1 with <see cref="Backwards"/>: the end.</summary>
    public long From { get; init; }

    /// <summary>To the lines before <see cref="From"/>, nearest first.</summary>
    public bool Backwards { get; init; }

    /// <summary>Stop after so many matches, 1–<see cref="MaxMatches"/>.</summary>
    public int Limit { get; init; } = MaxMatches;

    /// <summary>Whether the lines are wanted too, and not only where they are.</summary>
    public bool WithLines { get; init; }
}

/// <summary>Why a search stopped.</summary>
public enum SearchEnd
{
    /// <summary>It goes on: not the last batch.</summary>
    None = 0,

    /// <summary>All lines up to the tail, or the beginning, were searched.</summary>
    Complete = 1,

    /// <summary>As many matches as were asked for.</summary>
    Limit = 2,

    /// <summary>It took too long. Ask again from <see cref="SearchBatch.Next"/>.</summary>
    Time = 3,
}

/// <summary>What a search found since the last batch. One comes at least twice a second while it goes on.</summary>
public sealed record SearchBatch
{
    /// <summary>Positions of the lines that match, in the direction of the search.</summary>
    public IReadOnlyList<long> Positions { get; init; } = [];

    /// <summary>The lines, if they were asked for.</summary>
    public IReadOnlyList<PageEntry> Lines { get; init; } = [];

    /// <summary>Bytes searched so far.</summary>
    public long Searched { get; init; }

    /// <summary>Bytes there are to search, by what is known when the batch is made.</summary>
    public long Total { get; init; }

    /// <summary>Where a search that is to go on begins: its <see cref="SearchRequest.From"/>.</summary>
    public long Next { get; init; }

    /// <summary>Whether, and why, it stopped.</summary>
    public SearchEnd End { get; init; }
}
