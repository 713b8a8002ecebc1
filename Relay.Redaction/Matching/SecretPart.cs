namespace Relay.Redaction.Matching;

/// <summary>Finds the part of a match that its pattern calls the secret, by following the same threads once more with the places they noted.</summary>
internal static class SecretPart
{
    /// <param name="steps">The program.</param>
    /// <param name="start">The step at which the rule begins.</param>
    /// <param name="data">What was searched.</param>
    /// <param name="from">Where the match begins.</param>
    /// <param name="to">Where it ends.</param>
    /// <param name="before">What stands before <paramref name="data"/>.</param>
    /// <returns>The whole match when no secret part took part in it.</returns>
    public static (int From, int To) Find(IReadOnlyList<MatchStep> steps, int start, ReadOnlySpan<byte> data, int from, int to, Neighbour before)
    {
        var (threads, next, seen) = (new List<Thread> { new(start, -1, -1) }, new List<Thread>(), new HashSet<int>());
        for (var at = from; at <= to; at++)
        {
            var left = at == 0 ? before : Surroundings.Of(data[at - 1]);
            var right = at == data.Length ? Neighbour.Newline : Surroundings.Of(data[at]);
            seen.Clear();
            next.Clear();
            foreach (var thread in threads)
            {
                if (Follow(thread, at, at == to ? null : data[at]) is { } whole)
                {
                    return whole.Begin >= 0 && whole.End >= 0 ? (whole.Begin, whole.End) : (from, to);
                }
            }

            (threads, next) = (next, threads);

            Thread? Follow(Thread thread, int place, byte? value)
            {
                if (!seen.Add(thread.Step))
                {
                    return null;
                }

                var step = steps[thread.Step];
                switch (step.Kind)
                {
                    case StepKind.Match:
                        return value is null ? thread : null; // A shorter match is not the one that was found.
                    case StepKind.Take:
                        if (value is { } one && step.Set.Contains(one))
                        {
                            next.Add(thread with { Step = step.Next });
                        }

                        return null;
                    case StepKind.Check:
                        return Surroundings.Holds(step.Place, left, right) ? Follow(thread with { Step = step.Next }, place, value) : null;
                    case StepKind.Split:
                        return Follow(thread with { Step = step.Next }, place, value) ?? Follow(thread with { Step = step.Other }, place, value);
                    case StepKind.SecretBegins:
                        return Follow(thread with { Step = step.Next, Begin = place }, place, value);
                    default:
                        return Follow(thread with { Step = step.Next, End = place }, place, value);
                }
            }
        }

        return (from, to);
    }

    private readonly record struct Thread(int Step, int Begin, int End);
}
