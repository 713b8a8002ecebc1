using System.Buffers;
using System.Text;
using Relay.Redaction.Matching;
using Relay.Redaction.Patterns;

namespace Relay.Redaction;

/// <summary>All that is to be masked, ready to be looked for in any number of outputs. Safe for use from many threads.</summary>
internal sealed class RedactionRules
{
    private const int BlockBytes = 512;
    private const int MostStepsOfWords = 500_000;

    private readonly Automaton _watch;
    private readonly SearchValues<string>? _beginnings;
    private readonly SearchValues<byte> _firstBytes;
    private readonly int _longestBeginning;

    /// <exception cref="RuleException">One cannot be used.</exception>
    public RedactionRules(IReadOnlyList<RuleDefinition> definitions)
    {
        var program = new MatchProgram();
        var starts = definitions.Select(definition => program.Add(definition.Pattern, definition.Name == OwnWords.RuleName ? MostStepsOfWords : MatchProgram.MostStepsOfPattern)).ToList();
        var classes = new ByteClasses(program);
        Rules = [.. definitions.Zip(starts, (definition, start) => new RedactionRule(definition, program, start, classes))];
        _watch = new Automaton(program, starts, classes, isWatch: true);
        _firstBytes = SearchValues.Create([.. definitions.Aggregate(ByteSet.None, (set, rule) => set | Beginnings.FirstBytes(rule.Pattern)).Values()]);
        var beginnings = definitions.Select(definition => Beginnings.Of(definition.Pattern)).ToList();
        if (beginnings.TrueForAll(texts => texts.Count > 0))
        {
            _longestBeginning = beginnings.Max(texts => texts.Max(text => text.Length));
            _beginnings = SearchValues.Create([.. beginnings.SelectMany(texts => texts).Distinct(StringComparer.Ordinal)], StringComparison.OrdinalIgnoreCase);
        }
    }

    public IReadOnlyList<RedactionRule> Rules { get; }

    /// <summary>The watch where nothing has begun.</summary>
    public AutomatonState Idle(Neighbour before) => _watch.Start(before);

    public AutomatonState Next(AutomatonState state, byte value) => _watch.Next(state, value);

    public bool MatchesAtEnd(AutomatonState state) => _watch.MatchesAtEnd(state);

    /// <summary>The first place from <paramref name="at"/> on at which a match may begin; the length when there is none.</summary>
    public int NextCandidate(ReadOnlySpan<byte> data, int at)
    {
        if (_beginnings is null)
        {
            return data[at..].IndexOfAny(_firstBytes) is >= 0 and var skip ? at + skip : data.Length;
        }

        // A text that is cut off by the end of the data: there the watch itself looks, byte by byte.
        var cut = Math.Max(data.Length - _longestBeginning + 1, at);
        Span<char> block = stackalloc char[BlockBytes];
        while (at < cut)
        {
            var count = Encoding.Latin1.GetChars(data.Slice(at, Math.Min(BlockBytes, data.Length - at)), block);
            var found = block[..count].IndexOfAny(_beginnings);
            if (found >= 0)
            {
                return at + found;
            }

            at = Math.Min(cut, at + Math.Max(count - _longestBeginning + 1, 1));
        }

        return data[at..].IndexOfAny(_firstBytes) is >= 0 and var near ? at + near : data.Length;
    }
}
