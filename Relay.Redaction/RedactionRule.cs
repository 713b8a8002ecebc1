using System.Buffers;
using Relay.Redaction.Matching;
using Relay.Redaction.Patterns;

namespace Relay.Redaction;

/// <summary>One kind of secret, ready to be looked for.</summary>
internal sealed class RedactionRule
{
    private readonly MatchProgram _program;
    private readonly int _start;
    private readonly Automaton _watch;
    private readonly Automaton _matches;
    private readonly SearchValues<byte> _firstBytes;
    private readonly bool _hasSecretPart;
    private readonly int _leastBytes;

    /// <param name="definition">What it looks for.</param>
    /// <param name="program">Has the definition's steps.</param>
    /// <param name="start">The first of them.</param>
    /// <param name="classes">Of the program.</param>
    public RedactionRule(RuleDefinition definition, MatchProgram program, int start, ByteClasses classes)
    {
        (Name, _program, _start, _leastBytes) = (definition.Name, program, start, definition.LeastBytes);
        _watch = new Automaton(program, [start], classes, isWatch: true);
        _matches = new Automaton(program, [start], classes, isWatch: false);
        _firstBytes = SearchValues.Create([.. Beginnings.FirstBytes(definition.Pattern).Values()]);
        _hasSecretPart = definition.HasSecretPart;
    }

    /// <summary>As masks and counts show it.</summary>
    public string Name { get; }

    /// <summary>Adds the secrets whose matches begin in the first <paramref name="starts"/> bytes, from left to right and none within another.</summary>
    /// <param name="data">All that is known.</param>
    /// <param name="starts">Where to stop.</param>
    /// <param name="before">What stands before the data.</param>
    /// <param name="isEnd">Whether nothing follows.</param>
    /// <param name="found">Receives them.</param>
    public void FindAll(ReadOnlySpan<byte> data, int starts, Neighbour before, bool isEnd, List<FoundSecret> found)
    {
        starts = Math.Min(starts, LastEnd(data, before, isEnd));
        for (var at = 0; at < starts && data[at..starts].IndexOfAny(_firstBytes) is >= 0 and var skip;)
        {
            at += skip;
            if (Match(data, at, before, isEnd) is { } secret)
            {
                found.Add(secret);
                at = secret.To;
            }
            else
            {
                at++;
            }
        }
    }

    public AutomatonState Next(AutomatonState state, byte value) => _matches.Next(state, value);

    /// <summary>Where the last of all matches ends, in one pass; 0 when there are none, so that nobody tries each place in vain.</summary>
    private int LastEnd(ReadOnlySpan<byte> data, Neighbour before, bool isEnd)
    {
        var state = _watch.Start(before);
        var end = 0;
        for (var at = 0; at < data.Length; at++)
        {
            state = _watch.Next(state, data[at]);
            end = state.MatchesHere ? at + 1 : state.MatchedBefore ? at : end;
        }

        return isEnd && _watch.MatchesAtEnd(state) ? data.Length : end;
    }

    private FoundSecret? Match(ReadOnlySpan<byte> data, int from, Neighbour before, bool isEnd)
    {
        var state = _matches.Start(from == 0 ? before : Surroundings.Of(data[from - 1]));
        var to = -1;
        var at = from;
        while (at < data.Length && !state.IsIdle)
        {
            state = _matches.Next(state, data[at++]);
            to = state.MatchesHere ? at : state.MatchedBefore ? at - 1 : to;
        }

        if (isEnd && at == data.Length && _matches.MatchesAtEnd(state))
        {
            to = at;
        }

        if (to < 0)
        {
            return null;
        }

        var secret = _hasSecretPart ? SecretPart.Find(_program.Steps, _start, data, from, to, before) : (From: from, To: to);
        return secret.To - secret.From < _leastBytes ? null : new FoundSecret(this, secret.From, secret.To, state.IsIdle ? null : state);
    }
}

/// <summary>A secret in the bytes that were searched.</summary>
/// <param name="Rule">Which.</param>
/// <param name="From">Its first byte.</param>
/// <param name="To">Behind its last.</param>
/// <param name="Open">How its match stands, when it may go on behind the bytes that are known.</param>
internal readonly record struct FoundSecret(RedactionRule Rule, int From, int To, AutomatonState? Open);

/// <summary>A kind of secret.</summary>
/// <param name="Name">As masks and counts show it.</param>
/// <param name="Pattern">How it looks.</param>
/// <param name="LeastBytes">Shorter ones are left alone.</param>
/// <param name="HasSecretPart">Whether only a part of the pattern is the secret.</param>
internal sealed record RuleDefinition(string Name, Pattern Pattern, int LeastBytes = 1, bool HasSecretPart = false)
{
    /// <exception cref="RuleException">The regular expression cannot be used.</exception>
    public static RuleDefinition FromRegex(string name, string regex, int leastBytes = 1) =>
        new(name, PatternParser.Parse(regex), leastBytes, regex.Contains("<secret>", StringComparison.Ordinal) || regex.Contains("'secret'", StringComparison.Ordinal));
}
