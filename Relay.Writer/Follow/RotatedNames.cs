using System.Text.RegularExpressions;

namespace Relay.Writer.Follow;

/// <summary>
/// Tells the names that rotation gives to a log's older files from its neighbours': <c>job.log.1</c>, <c>job.log-20261122</c>,
/// <c>job.log.2026-11-22_10</c>, <c>job.log.old</c>, <c>job.1.log</c>, <c>job-2026-11-22.log</c>; but not <c>job.log.err</c>.
/// </summary>
internal sealed partial class RotatedNames(string name)
{
    private readonly string _stem = Path.GetFileNameWithoutExtension(name);
    private readonly string _extension = Path.GetExtension(name);

    public bool Contains(string candidate) =>
        (Follows(candidate, name) && Mark().IsMatch(candidate[name.Length..]))
        || (_stem.Length > 0 && _extension.Length > 0 && Follows(candidate, _stem) && candidate.EndsWith(_extension, StringComparison.Ordinal)
            && candidate.Length > name.Length && Mark().IsMatch(candidate[_stem.Length..^_extension.Length]));

    /// <summary>Whether it is an older file that was compressed.</summary>
    public bool ContainsCompressed(string candidate) => Compressed().Match(candidate) is { Success: true } found && Contains(candidate[..found.Index]);

    private static bool Follows(string candidate, string start) =>
        candidate.Length > start.Length && candidate.StartsWith(start, StringComparison.Ordinal);

    [GeneratedRegex(@"^[._-](?:[0-9][0-9._:TZ+-]*|old|bak|prev)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Mark();

    [GeneratedRegex(@"\.(?:gz|bz2|xz|zst|lz4|zip|Z)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Compressed();
}
