using Relay.Redaction.Patterns;

namespace Relay.Redaction.Matching;

internal enum StepKind : byte
{
    /// <summary>Takes a byte of <see cref="MatchStep.Set"/> and goes on at the next step.</summary>
    Take,

    /// <summary>Goes on at <see cref="MatchStep.Next"/>, or, if that fails, at <see cref="MatchStep.Other"/>.</summary>
    Split,

    /// <summary>Goes on at the next step where <see cref="MatchStep.Place"/> holds.</summary>
    Check,

    /// <summary>Notes where the secret begins.</summary>
    SecretBegins,

    /// <summary>Notes where the secret ends.</summary>
    SecretEnds,

    /// <summary>All is matched.</summary>
    Match,
}

internal readonly record struct MatchStep(StepKind Kind, int Next, int Other = -1, ByteSet Set = default, PlaceKind Place = default);

/// <summary>Patterns as steps of a nondeterministic automaton, after Thompson (CACM 11(6), 1968).</summary>
internal sealed class MatchProgram
{
    public const int MostStepsOfPattern = 5000;

    private readonly List<MatchStep> _steps = [];
    private MatchStep[] _all = [];

    public IReadOnlyList<MatchStep> Steps => _steps;

    /// <summary>Whether any step looks at what stands around a place.</summary>
    public bool HasChecks => _steps.Exists(step => step.Kind == StepKind.Check);

    /// <summary>All steps, the same memory for all who ask once the last pattern was added.</summary>
    public MatchStep[] ToArray() => _all.Length == _steps.Count ? _all : _all = [.. _steps];

    /// <returns>The step at which the pattern begins.</returns>
    /// <exception cref="RuleException">It takes too many steps.</exception>
    public int Add(Pattern pattern, int mostSteps = MostStepsOfPattern)
    {
        var most = _steps.Count + mostSteps;
        return Put(pattern, Put(new MatchStep(StepKind.Match, -1), most), most);
    }

    private int Put(Pattern pattern, int next, int most) => pattern switch
    {
        Pattern.One one => Put(new MatchStep(StepKind.Take, next, Set: one.Set), most),
        Pattern.Place place => Put(new MatchStep(StepKind.Check, next, Place: place.Kind), most),
        Pattern.Sequence sequence => sequence.Items.Reverse().Aggregate(next, (behind, item) => Put(item, behind, most)),
        Pattern.Choice choice => choice.Items.Reverse().Select(item => Put(item, next, most)).ToList().Aggregate((behind, begin) => Put(new MatchStep(StepKind.Split, begin, behind), most)),
        Pattern.Secret secret => Put(new MatchStep(StepKind.SecretBegins, Put(secret.Item, Put(new MatchStep(StepKind.SecretEnds, next), most), most)), most),
        Pattern.Repeat repeat => Put(repeat, next, most),
        _ => throw new InvalidOperationException($"A pattern of the kind {pattern.GetType().Name} is not known."),
    };

    private int Put(Pattern.Repeat repeat, int next, int most)
    {
        if (repeat.Most is { } limit)
        {
            var behind = next;
            for (var i = repeat.Least; i < limit; i++)
            {
                next = Put(Choose(repeat, Put(repeat.Item, next, most), behind), most);
            }
        }
        else
        {
            // The loop needs its own address inside its body.
            var loop = Put(new MatchStep(StepKind.Split, -1, -1), most);
            _steps[loop] = Choose(repeat, Put(repeat.Item, loop, most), next);
            next = loop;
        }

        for (var i = 0; i < repeat.Least; i++)
        {
            next = Put(repeat.Item, next, most);
        }

        return next;
    }

    private static MatchStep Choose(Pattern.Repeat repeat, int again, int behind) => repeat.IsLazy ? new(StepKind.Split, behind, again) : new(StepKind.Split, again, behind);

    private int Put(MatchStep step, int most)
    {
        if (_steps.Count >= most)
        {
            throw new RuleException($"takes more than {MostStepsOfPattern} steps; repeat less, or without an upper limit");
        }

        _steps.Add(step);
        return _steps.Count - 1;
    }
}
