using Microsoft.OpenApi;
using Relay.Contracts;
using Relay.Server.Streaming;

namespace Relay.Server.Lines;

/// <summary>A search as a query of a URL.</summary>
internal static class SearchQuery
{
    private const int MaxMatches = 10_000;

    private const int DefaultMatches = 1000;

    public static readonly (string Name, JsonSchemaType Type, string Description)[] Parameters =
    [
        ("q", JsonSchemaType.String, "The text that lines must have."),
        ("regex", JsonSchemaType.Boolean, "q is a regular expression, .NET's, without look-around and back references."),
        ("case", JsonSchemaType.Boolean, "Capitals differ from small letters."),
        ("level", JsonSchemaType.String, "Only lines that say they are at least so bad: trace, debug, info, warn, error or fatal."),
        ("output", JsonSchemaType.String, "Only stdout, or only stderr."),
        ("from", JsonSchemaType.Integer, "Begin at this line, counted from 0 among those of the outputs that are searched: the next of the last answer."),
        ("backwards", JsonSchemaType.Boolean, "From there, or the end, to the beginning."),
        ("limit", JsonSchemaType.Integer, "Stop after so many matches, 1–10000. Default 1000."),
    ];

    /// <exception cref="RelayException">A parameter is wrong.</exception>
    public static SearchRequest Read(HttpRequest request, string session)
    {
        var backwards = LogRequests.Flag(request, "backwards", absent: false);
        var limit = LogRequests.Number(request, "limit") ?? DefaultMatches;
        return new SearchRequest
        {
            Session = session,
            Outputs = request.Query["output"] is [{ Length: > 0 } output] ? [LogRequests.Output(output)] : [],
            Pattern = request.Query["q"].ToString(),
            IsRegex = LogRequests.Flag(request, "regex", absent: false),
            MatchCase = LogRequests.Flag(request, "case", absent: false),
            MinLevel = Level(request.Query["level"].ToString()),
            From = LogRequests.Number(request, "from") ?? (backwards ? -1 : 0),
            Backwards = backwards,
            Limit = limit is >= 1 and <= MaxMatches ? (int)limit : throw LogRequests.Invalid($"limit='{limit}' must be from 1 to {MaxMatches}."),
            WithLines = true,
        };
    }

    private static LineLevel Level(string name) => name.ToLowerInvariant() switch
    {
        "" => LineLevel.None,
        "trace" => LineLevel.Trace,
        "debug" => LineLevel.Debug,
        "info" => LineLevel.Info,
        "warn" => LineLevel.Warn,
        "error" => LineLevel.Error,
        "fatal" => LineLevel.Fatal,
        _ => throw LogRequests.Invalid($"level='{name}' must be trace, debug, info, warn, error or fatal."),
    };
}
