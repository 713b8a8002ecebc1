using System.Text.Json.Serialization;

namespace Relay.Contracts;

/// <summary>Answer of <c>GET /logs/{id}/search</c>.</summary>
public sealed record SearchAnswer
{
    /// <summary>The lines that match, in the direction of the search.</summary>
    [JsonPropertyName("matches")]
    public IReadOnlyList<SearchMatch> Matches { get; init; } = [];

    /// <summary>Bytes that were searched.</summary>
    [JsonPropertyName("searched")]
    public long Searched { get; init; }

    /// <summary>Bytes there are to search.</summary>
    [JsonPropertyName("total")]
    public long Total { get; init; }

    /// <summary>Why it stopped: <c>complete</c>, <c>limit</c> or <c>time</c>.</summary>
    [JsonPropertyName("end")]
    public string End { get; init; } = "";

    /// <summary>What <c>from</c> has to be to go on.</summary>
    [JsonPropertyName("next")]
    public long Next { get; init; }
}

/// <summary>A line that a search found.</summary>
public sealed record SearchMatch
{
    /// <summary>The line's number among all of the session, from 1, as pages and their links have it.</summary>
    [JsonPropertyName("line")]
    public long Line { get; init; }

    /// <summary><c>stdout</c> or <c>stderr</c>.</summary>
    [JsonPropertyName("output")]
    public string Output { get; init; } = "";

    /// <summary>Offset of its first byte in the output.</summary>
    [JsonPropertyName("offset")]
    public long Offset { get; init; }

    /// <summary>When its first byte was stored, UTC.</summary>
    [JsonPropertyName("time")]
    public DateTimeOffset Time { get; init; }

    /// <summary>The level that it says: <c>trace</c>, <c>debug</c>, <c>info</c>, <c>warn</c>, <c>error</c> or <c>fatal</c>; null when it says none.</summary>
    [JsonPropertyName("level")]
    public string? Level { get; init; }

    /// <summary>Its text, bytes that are not UTF-8 as U+FFFD; of a long line the first 16 KiB.</summary>
    [JsonPropertyName("text")]
    public string Text { get; init; } = "";

    /// <summary>How many bytes of a long line are not in <see cref="Text"/>.</summary>
    [JsonPropertyName("omitted")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Omitted { get; init; }
}
