using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Relay.Server.Security;

/// <summary>Web origins (RFC 6454) whose pages may use the relay, beside its own.</summary>
internal sealed class AllowedOrigins
{
    private const string Option = "--allowed-origins";

    private static readonly SearchValues<char> NotInAuthority = SearchValues.Create("/?#@\\*%");

    private readonly HashSet<string> _origins = new(StringComparer.Ordinal);

    public bool IsEmpty => _origins.Count == 0;

    /// <param name="text">Origins, separated by commas or blanks.</param>
    /// <param name="faults">Receives a line for each part that is none.</param>
    public static AllowedOrigins Parse(string text, List<string> faults)
    {
        var allowed = new AllowedOrigins();
        foreach (var part in text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (TryNormalize(part, out var origin))
            {
                allowed._origins.Add(origin);
            }
            else
            {
                faults.Add(FaultOf(part));
            }
        }

        return allowed;
    }

    public bool Contains(string origin) => TryNormalize(origin, out var normal) && _origins.Contains(normal);

    /// <summary>An origin as browsers write it: lower case, without a port that goes without saying. A name with other letters than ASCII comes as punycode.</summary>
    /// <param name="text"><c>http://host</c> or <c>https://host</c>, and a port if it has one; nothing behind it.</param>
    /// <param name="origin">The same origin always reads the same.</param>
    public static bool TryNormalize(string text, [NotNullWhen(true)] out string? origin)
    {
        origin = null;
        var authority = text.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(7)
            : text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(8)
            : [];
        if (authority.IsEmpty || authority.ContainsAny(NotInAuthority) || authority.ContainsAnyExceptInRange('!', '~') || !Uri.TryCreate(text, UriKind.Absolute, out var uri))
        {
            return false;
        }

        origin = uri.GetLeftPart(UriPartial.Authority);
        return true;
    }

    private static string FaultOf(string part) => part switch
    {
        _ when part.Contains('*', StringComparison.Ordinal) =>
            $"{Option} takes no '{part}': it would let pages that nobody here knows write and read in the name of whoever looks at them. Name each origin, such as https://dash.example.",
        "null" => $"{Option} takes no 'null': every sandboxed frame and every local file has that origin. Serve the page from a host, and name that.",
        _ => $"{Option} must be origins such as https://dash.example or http://10.0.0.7:3000: http or https, a host in ASCII, a port if it has one, no path; '{part}' is none.{Instead(part)}",
    };

    private static string Instead(string part) =>
        Uri.TryCreate(part, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && TryNormalize($"{uri.Scheme}://{uri.IdnHost}:{uri.Port}", out var origin)
            ? $" Write {origin}."
            : "";
}
