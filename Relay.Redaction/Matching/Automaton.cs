using Relay.Redaction.Patterns;

namespace Relay.Redaction.Matching;

/// <summary>
/// A deterministic automaton that is made while it is used: a state is what steps of the program may come next, and once made it costs one
/// look-up per byte. Safe for use from many threads.
/// </summary>
/// <remarks>
/// Anchored, it follows the matches that begin where it was started, with the preference that the pattern states: once the preferred match is
/// found, the others are dropped. As a watch it follows the matches that begin anywhere, all of them.
///
/// A text can be made so that every byte leads to a state that is new. So what is kept is limited: once it is full, steps that are not kept are
/// walked without the lock, and only after many of those is it emptied and filled anew. Whoever writes such a text pays for it alone.
/// </remarks>
internal sealed class Automaton
{
    /// <summary>So many states are kept.</summary>
    public const int MostStates = 4096;

    /// <summary>So many steps from one to another.</summary>
    public const int MostSteps = 4 * MostStates;

    /// <summary>So many steps that are not kept come before those that are make room for others.</summary>
    public const int StepsUntilEmptied = 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly MatchStep[] _steps;
    private readonly int[] _sources;
    private readonly bool _isWatch;
    private readonly bool _hasChecks;
    private readonly byte[] _classes;
    private readonly byte[] _samples;
    private readonly AutomatonState[] _idle = new AutomatonState[3];
    private readonly AutomatonState?[] _unkept;
    private readonly Begun?[] _begun;
    private int _kept;
    private int _walked;
    private volatile bool _isFull;
    private Dictionary<string, AutomatonState> _states = new(StringComparer.Ordinal);

    public Automaton(MatchProgram program, IReadOnlyList<int> starts, ByteClasses classes, bool isWatch)
    {
        (_steps, _isWatch, _hasChecks) = (program.ToArray(), isWatch, program.HasChecks);
        (_classes, _samples) = (classes.OfByte, classes.Samples);
        _unkept = new AutomatonState?[_samples.Length];
        _begun = new Begun?[3 * _samples.Length];
        _sources = ToSources(starts);
        foreach (var before in Enum.GetValues<Neighbour>())
        {
            _idle[(int)before] = Find(isWatch ? [] : [.. _sources], before, false, false);
        }
    }

    /// <summary>Steps that were made to be kept, ever.</summary>
    public long MadeSteps { get; private set; }

    /// <summary>Where it begins: behind a byte of this kind.</summary>
    public AutomatonState Start(Neighbour before) => _idle[(int)before];

    public AutomatonState Next(AutomatonState state, byte value)
    {
        var kind = _classes[value];
        return Volatile.Read(ref state.Next[kind]) ?? Make(state, kind);
    }

    /// <summary>Whether a match ends here if nothing follows.</summary>
    public bool MatchesAtEnd(AutomatonState state)
    {
        var scratch = Scratch.For(_steps.Length);
        scratch.Clear();
        return Walk(state.Threads, state.Before, Neighbour.Newline, null, scratch) || (_isWatch && Walk(_sources, state.Before, Neighbour.Newline, null, scratch));
    }

    private AutomatonState Make(AutomatonState state, byte kind)
    {
        if (_isFull && Interlocked.Increment(ref _walked) < StepsUntilEmptied)
        {
            return Step(state, kind, isKept: false);
        }

        lock (_gate)
        {
            if (_isFull)
            {
                Empty();
            }

            var made = Step(state, kind, isKept: true);
            if (!ReferenceEquals(state.Next, _unkept))
            {
                Volatile.Write(ref state.Next[kind], made);
            }

            MadeSteps++;
            _isFull = ++_kept >= MostSteps || _states.Count >= MostStates;
            return made;
        }
    }

    /// <summary>Those in use live on; what leads nowhere any more is collected.</summary>
    private void Empty()
    {
        _states = new(StringComparer.Ordinal);
        foreach (var idle in _idle)
        {
            Array.Clear(idle.Next);
        }

        (_kept, _walked, _isFull) = (0, 0, false);
    }

    private AutomatonState Step(AutomatonState state, byte kind, bool isKept)
    {
        var scratch = Scratch.For(_steps.Length);
        var behind = Surroundings.Of(_samples[kind]);
        var begun = _isWatch ? BegunAt(state.Before, kind, scratch) : Begun.None;
        scratch.Clear();
        var matchedBefore = Walk(state.Threads, state.Before, behind, _samples[kind], scratch) || begun.MatchedBefore;
        var matchesHere = ResolveAll(scratch) || begun.MatchesHere;
        foreach (var thread in begun.Threads)
        {
            if (scratch.Seen.Add(thread))
            {
                scratch.Threads.Add(thread);
            }
        }

        return isKept ? Find(scratch.Threads, behind, matchedBefore, matchesHere)
            : scratch.Threads.Count == 0 && !matchedBefore && !matchesHere ? _idle[(int)behind]
            : new AutomatonState([.. scratch.Threads], behind, matchedBefore, matchesHere, _unkept);
    }

    /// <summary>What a watch begins to follow with a byte, whatever it follows already.</summary>
    private Begun BegunAt(Neighbour before, byte kind, Scratch scratch)
    {
        ref var known = ref _begun[((int)before * _samples.Length) + kind];
        if (Volatile.Read(ref known) is { } begun)
        {
            return begun;
        }

        scratch.Clear();
        var matchedBefore = Walk(_sources, before, Surroundings.Of(_samples[kind]), _samples[kind], scratch);
        var matchesHere = ResolveAll(scratch);
        begun = new([.. scratch.Threads], matchedBefore, matchesHere);
        Volatile.Write(ref known, begun);
        return begun;
    }

    /// <summary>Goes through threads in their order, over the byte <paramref name="value"/> or, without one, the end.</summary>
    /// <returns>Whether a match ends before the byte.</returns>
    private bool Walk(int[] threads, Neighbour before, Neighbour behind, byte? value, Scratch scratch)
    {
        var matched = false;
        foreach (var thread in threads)
        {
            if (Cross(thread, before, behind, value, scratch.Next, scratch.Seen))
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

    /// <returns>Whether a match ends behind the byte that was walked over.</returns>
    private bool ResolveAll(Scratch scratch)
    {
        scratch.Seen.Clear();
        var matches = false;
        foreach (var step in scratch.Next)
        {
            if (Resolve(step, scratch.Threads, scratch.Seen))
            {
                matches = true;
                if (!_isWatch)
                {
                    break;
                }
            }
        }

        return matches;
    }

    private bool Cross(int at, Neighbour before, Neighbour behind, byte? value, List<int> next, SeenSteps seen)
    {
        if (!seen.Add(at))
        {
            return false;
        }

        ref readonly var step = ref _steps[at];
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
    private bool Resolve(int at, List<int> threads, SeenSteps seen)
    {
        if (!seen.Add(at))
        {
            return false;
        }

        ref readonly var step = ref _steps[at];
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
        var (threads, seen) = (new List<int>(), new SeenSteps(_steps.Length));
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
            state = new AutomatonState([.. threads], before, matchedBefore, matchesHere, new AutomatonState?[_samples.Length]);
            _states[key] = state;
        }

        return state;
    }

    /// <param name="Threads">That are followed from then on.</param>
    /// <param name="MatchedBefore">Whether a match ends before the byte.</param>
    /// <param name="MatchesHere">Whether one ends with it.</param>
    private sealed record Begun(int[] Threads, bool MatchedBefore, bool MatchesHere)
    {
        public static readonly Begun None = new([], false, false);
    }
}

/// <summary>What may come next, in the order of preference.</summary>
internal sealed class AutomatonState(int[] threads, Neighbour before, bool matchedBefore, bool matchesHere, AutomatonState?[] next)
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
    internal readonly AutomatonState?[] Next = next;
}
