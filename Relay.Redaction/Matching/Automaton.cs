using Relay.Redaction.Patterns;

namespace Relay.Redaction.Matching;

/// <summary>
/// A deterministic automaton that is made while it is used: a state is what steps of the program may come next, and once made it costs one
/// look-up per byte. Safe for use from many threads.
/// </summary>
/// <remarks>
/// Anchored, it follows the matches that begin where it was started, with the preference that the pattern states: once the preferred match is
/// found, the others are dropped. As a watch it follows the matches that begin anywhere, all of them.
/// </remarks>
internal sealed class Automaton
{
    private const int MostStates = 4096;

    private readonly Lock _gate = new();
    private readonly IReadOnlyList<MatchStep> _steps;
    private readonly int[] _sources;
    private readonly bool _isWatch;
    private readonly bool _hasChecks;
    private readonly byte[] _classes;
    private readonly byte[] _samples;
    private readonly AutomatonState[] _idle = new AutomatonState[3];
    private Dictionary<string, AutomatonState> _states = new(StringComparer.Ordinal);

    public Automaton(MatchProgram program, IReadOnlyList<int> starts, ByteClasses classes, bool isWatch)
    {
        (_steps, _isWatch, _hasChecks) = (program.Steps, isWatch, program.HasChecks);
        (_classes, _samples) = (classes.OfByte, classes.Samples);
        _sources = ToSources(starts);
        foreach (var before in Enum.GetValues<Neighbour>())
        {
            _idle[(int)before] = Find(isWatch ? [] : [.. _sources], before, false, false);
        }
    }

    /// <summary>Where it begins: behind a byte of this kind.</summary>
    public AutomatonState Start(Neighbour before) => _idle[(int)before];

    public AutomatonState Next(AutomatonState state, byte value)
    {
        var kind = _classes[value];
        return Volatile.Read(ref state.Next[kind]) ?? Make(state, kind);
    }

    /// <summary>Whether a match ends here if nothing follows.</summary>
    public bool MatchesAtEnd(AutomatonState state) => Walk(state, Neighbour.Newline, null, []);

    private AutomatonState Make(AutomatonState state, byte kind)
    {
        lock (_gate)
        {
            var sample = _samples[kind];
            var behind = Surroundings.Of(sample);
            var next = new List<int>();
            var matchedBefore = Walk(state, behind, sample, next);
            var matchesHere = false;
            var threads = new List<int>();
            var seen = new HashSet<int>();
            foreach (var step in next)
            {
                if (Resolve(step, threads, seen))
                {
                    matchesHere = true;
                    if (!_isWatch)
                    {
                        break;
                    }
                }
            }

            var made = Find(threads, behind, matchedBefore, matchesHere);
            Volatile.Write(ref state.Next[kind], made);
            return made;
        }
    }

    /// <summary>Goes through a state's threads in their order, over the byte <paramref name="value"/> or, without one, the end.</summary>
    /// <returns>Whether a match ends before the byte.</returns>
    private bool Walk(AutomatonState state, Neighbour behind, byte? value, List<int> next)
    {
        var seen = new HashSet<int>();
        var matched = false;
        foreach (var thread in _isWatch ? [.. state.Threads, .. _sources] : state.Threads)
        {
            if (Cross(thread, state.Before, behind, value, next, seen))
            {
                matched = true;
                if (!_isWatch)
                {
                    break;
                }
            }
        }

        return matched;
    }

    private bool Cross(int at, Neighbour before, Neighbour behind, byte? value, List<int> next, HashSet<int> seen)
    {
        if (!seen.Add(at))
        {
            return false;
        }

        var step = _steps[at];
        switch (step.Kind)
        {
            case StepKind.Match:
                return true;
            case StepKind.Take:
                if (value is { } one && step.Set.Contains(one))
                {
                    next.Add(step.Next);
                }

                return false;
            case StepKind.Check:
                return Surroundings.Holds(step.Place, before, behind) && Cross(step.Next, before, behind, value, next, seen);
            case StepKind.Split:
                var matched = Cross(step.Next, before, behind, value, next, seen);
                return (matched && !_isWatch) || Cross(step.Other, before, behind, value, next, seen) || matched;
            default:
                return Cross(step.Next, before, behind, value, next, seen);
        }
    }

    /// <summary>Follows a step to those that wait for a byte, or for what stands behind the place.</summary>
    /// <returns>Whether a match ends here, whatever follows.</returns>
    private bool Resolve(int at, List<int> threads, HashSet<int> seen)
    {
        if (!seen.Add(at))
        {
            return false;
        }

        var step = _steps[at];
        switch (step.Kind)
        {
            case StepKind.Match:
                return true;
            case StepKind.Take or StepKind.Check:
                threads.Add(at);
                return false;
            case StepKind.Split:
                var matched = Resolve(step.Next, threads, seen);
                return (matched && !_isWatch) || Resolve(step.Other, threads, seen) || matched;
            default:
                return Resolve(step.Next, threads, seen);
        }
    }

    private int[] ToSources(IEnumerable<int> starts)
    {
        var (threads, seen) = (new List<int>(), new HashSet<int>());
        foreach (var start in starts)
        {
            Resolve(start, threads, seen);
        }

        return [.. threads];
    }

    private AutomatonState Find(List<int> threads, Neighbour before, bool matchedBefore, bool matchesHere)
    {
        if (_isWatch)
        {
            threads.Sort();
        }

        if (!_hasChecks)
        {
            before = Neighbour.Other; // Nobody asks: one state instead of three.
        }

        var key = string.Create(3 + (2 * threads.Count), (threads, before, matchedBefore, matchesHere), (chars, made) =>
        {
            (chars[0], chars[1], chars[2]) = ((char)made.before, made.matchedBefore ? '1' : '0', made.matchesHere ? '1' : '0');
            for (var i = 0; i < made.threads.Count; i++)
            {
                (chars[3 + (2 * i)], chars[4 + (2 * i)]) = ((char)made.threads[i], (char)(made.threads[i] >> 16));
            }
        });
        if (!_states.TryGetValue(key, out var state))
        {
            if (_states.Count >= MostStates)
            {
                _states = new(StringComparer.Ordinal); // Those in use live on; what leads nowhere any more is collected.
                foreach (var idle in _idle)
                {
                    Array.Clear(idle.Next);
                }
            }

            state = new AutomatonState([.. threads], before, matchedBefore, matchesHere, _samples.Length);
            _states[key] = state;
        }

        return state;
    }
}

/// <summary>What may come next, in the order of preference.</summary>
internal sealed class AutomatonState(int[] threads, Neighbour before, bool matchedBefore, bool matchesHere, int classes)
{
    public int[] Threads => threads;

    /// <summary>What stands before the next byte.</summary>
    public Neighbour Before => before;

    /// <summary>A match ended before the last byte.</summary>
    public bool MatchedBefore => matchedBefore;

    /// <summary>A match ended with the last byte.</summary>
    public bool MatchesHere => matchesHere;

    public bool Matches { get; } = matchedBefore || matchesHere;

    /// <summary>Nothing that has begun can go on.</summary>
    public bool IsIdle { get; } = threads.Length == 0;

    /// <summary>By class of byte; null: not made yet.</summary>
    internal readonly AutomatonState?[] Next = new AutomatonState?[classes];
}
