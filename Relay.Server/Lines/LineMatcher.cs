using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using Relay.Contracts;
using Relay.Text;

namespace Relay.Server.Lines;

/// <summary>Whether a line is what a search looks for. Colours are left out, so that a word is found whatever its colours.</summary>
internal sealed class LineMatcher
{
    private readonly byte[]? _exact;
    private readonly SearchValues<string>? _text;
    private readonly Regex? _regex;
    private readonly LineLevel _minLevel;
    private char[] _chars = [];

    /// <exception cref="RelayException">The pattern is no regular expression, or one that could take for ever.</exception>
    public LineMatcher(SearchRequest request)
    {
        _minLevel = request.MinLevel;
        if (request.IsRegex)
        {
            _regex = ToRegex(request);
        }
        else if (request.Pattern.Length > 0)
        {
            _exact = request.MatchCase ? Encoding.UTF8.GetBytes(request.Pattern) : null;
            _text = SearchValues.Create([request.Pattern], request.MatchCase ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase);
        }
    }

    /// <summary>Whether a line of this beginning is bad enough.</summary>
    public bool IsOfLevel(ReadOnlySpan<byte> head) => _minLevel == LineLevel.None || LineLevels.Of(head) >= _minLevel;

    /// <summary>Whether the text has the pattern.</summary>
    public bool HasPattern(ReadOnlySpan<byte> text)
    {
        if (_text is null && _regex is null)
        {
            return true;
        }

        var hasColours = text.Contains((byte)'\e');
        if (_exact is not null && !hasColours)
        {
            return text.IndexOf(_exact) >= 0;
        }

        if (_chars.Length < text.Length)
        {
            _chars = new char[Math.Max(text.Length, 4096)]; // One byte is at most one character.
        }

        var count = Encoding.UTF8.GetChars(text, _chars);
        count = hasColours ? ColourSequences.Strip(_chars.AsSpan(0, count)) : count;
        var chars = _chars.AsSpan(0, count);
        return _regex?.IsMatch(chars) ?? chars.ContainsAny(_text!);
    }

    private static Regex ToRegex(SearchRequest request)
    {
        try
        {
            // In time that grows with the line and not with the pattern's tricks.
            var regex = request.MatchCase
                ? new Regex(request.Pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)
                : new Regex(request.Pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.IgnoreCase);
            regex.IsMatch(""); // Some patterns show only when they are used that they are too large.
            return regex;
        }
        catch (NotSupportedException)
        {
            throw Invalid($"The pattern '{request.Pattern}' has look-around, a back reference or an atomic group, or is too large; a search must do without.");
        }
        catch (ArgumentException e)
        {
            throw Invalid($"The pattern is no regular expression. {e.Message}");
        }
    }

    private static RelayException Invalid(string detail) => new(RelayErrorCode.InvalidRequest, detail);
}
