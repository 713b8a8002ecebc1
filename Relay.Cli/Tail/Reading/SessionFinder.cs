using Relay.Contracts;

namespace Relay.Cli.Tail.Reading;

/// <summary>Which sessions the patterns of the command line mean: at the beginning, and later when new ones are created.</summary>
internal sealed class SessionFinder(IReadOnlyList<SessionPattern> patterns)
{
    /// <summary>Each session that is followed costs a connection.</summary>
    public const int MostAtATime = 128;

    private readonly Dictionary<string, DateTimeOffset> _known = new(StringComparer.Ordinal);

    /// <summary>Whether sessions have to be looked for.</summary>
    public bool HasGlobs { get; } = patterns.Any(pattern => pattern.IsGlob);

    /// <summary>The sessions that are named whole, each once.</summary>
    public IEnumerable<string> Named() => patterns
        .Where(pattern => !pattern.IsGlob)
        .Select(pattern => pattern.Text)
        .Where(name => _known.TryAdd(name, DateTimeOffset.MaxValue));

    /// <summary>
    /// Those that match and were not there when it was last asked, oldest first. One that was deleted and created anew is another one.
    /// </summary>
    /// <param name="sessions">All sessions of the relay.</param>
    /// <param name="room">How many are taken at most; the rest is found again later.</param>
    public IReadOnlyList<string> New(IReadOnlyList<SessionStatus> sessions, int room)
    {
        var found = new List<string>();
        foreach (var session in sessions.OrderBy(session => session.CreatedAt).Where(IsNew).Take(room))
        {
            _known[session.SessionId] = session.CreatedAt;
            found.Add(session.SessionId);
        }

        return found;
    }

    private bool IsNew(SessionStatus session) =>
        patterns.Any(pattern => pattern.IsGlob && pattern.Matches(session.SessionId))
        && (!_known.TryGetValue(session.SessionId, out var created) || created < session.CreatedAt);
}
