using System.IO.Enumeration;
using Relay.Contracts;

namespace Relay.Cli.Sessions;

/// <summary>Which sessions to show: those that match one of the globs (if any), all the labels, and the state.</summary>
internal sealed record SessionFilter(IReadOnlyList<string> Globs, IReadOnlyDictionary<string, string> Labels, string? State)
{
    public bool Matches(SessionStatus session) =>
        (Globs.Count == 0 || Globs.Any(glob => FileSystemName.MatchesSimpleExpression(glob, session.SessionId, ignoreCase: false)))
        && Labels.All(label => session.Labels.TryGetValue(label.Key, out var value) && string.Equals(value, label.Value, StringComparison.Ordinal))
        && (State is null || string.Equals(State, session.State, StringComparison.Ordinal));
}
