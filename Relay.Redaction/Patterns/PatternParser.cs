using System.Globalization;
using System.Text;

namespace Relay.Redaction.Patterns;

/// <summary>
/// Reads regular expressions in .NET's notation, as far as they can be decided on a stream, byte by byte and without going back: no look-around,
/// back references or atomic groups. What is not ASCII stands for its UTF-8 bytes. <c>^</c> and <c>$</c> are the beginning and end of a line.
/// </summary>
internal sealed class PatternParser
{
    private const int DeepestNesting = 100;
    private const int MostRepeats = 1000;

    private readonly string _text;
    private int _at;
    private int _depth;
    private bool _ignoresCase;
    private bool _dotTakesNewline;

    private PatternParser(string text) => _text = text;

    private bool IsAtEnd => _at == _text.Length;

    /// <exception cref="RuleException">It cannot be used.</exception>
    public static Pattern Parse(string text)
    {
        var parser = new PatternParser(text);
        var pattern = parser.ParseChoice();
        return !parser.IsAtEnd ? throw parser.Fault("has a ) without its (")
            : pattern.CanBeEmpty ? throw parser.Fault("can match nothing at all; it must take at least one byte")
            : pattern;
    }

    /// <summary>The UTF-8 bytes of a text, one after the other.</summary>
    public static Pattern Literal(string text, bool ignoringCase = false)
    {
        var items = Encoding.UTF8.GetBytes(text).Select(Pattern (one) => new Pattern.One(Cased(ByteSet.Of((char)one), ignoringCase))).ToList();
        return items is [var only] ? only : new Pattern.Sequence(items);
    }

    private static ByteSet Cased(ByteSet set, bool ignoringCase) => ignoringCase ? set.IgnoringCase() : set;

    private Pattern ParseChoice()
    {
        var (outerCase, outerDot) = (_ignoresCase, _dotTakesNewline);
        if (++_depth > DeepestNesting)
        {
            throw Fault($"has groups nested more than {DeepestNesting} deep");
        }

        var items = new List<Pattern> { ParseSequence() };
        while (Take('|'))
        {
            items.Add(ParseSequence());
        }

        _depth--;
        (_ignoresCase, _dotTakesNewline) = (outerCase, outerDot); // What (?i) set holds to the end of its group.
        return items is [var only] ? only : new Pattern.Choice(items);
    }

    private Pattern.Sequence ParseSequence()
    {
        var items = new List<Pattern>();
        while (!IsAtEnd && _text[_at] is not ('|' or ')'))
        {
            if (ParseAtom() is { } atom)
            {
                items.Add(ParseRepeats(atom));
            }
        }

        return new Pattern.Sequence(items);
    }

    private Pattern? ParseAtom()
    {
        var next = _text[_at++];
        switch (next)
        {
            case '(': return ParseGroup();
            case '[': return new Pattern.One(Cased(new ClassParser(this).Parse(), _ignoresCase));
            case '.': return new Pattern.One(_dotTakesNewline ? ~ByteSet.None : ByteSet.NotNewline);
            case '^': return new Pattern.Place(PlaceKind.LineStart);
            case '$': return new Pattern.Place(PlaceKind.LineEnd);
            case '\\': return ParseEscape();
            case '*' or '+' or '?': throw Fault($"has a {next} with nothing before it to repeat");
            default:
                _at--;
                return Literal(TakeCharacter(), _ignoresCase);
        }
    }

    private string TakeCharacter()
    {
        if (!Rune.TryGetRuneAt(_text, _at, out var rune))
        {
            throw Fault("has half of a character");
        }

        _at += rune.Utf16SequenceLength;
        return rune.ToString();
    }

    private Pattern? ParseGroup()
    {
        if (!Take('?'))
        {
            return ParseGroupBody();
        }

        if (Take(':'))
        {
            return ParseGroupBody();
        }

        if (Peek() is '=' or '!' || (Peek() == '<' && Peek(1) is '=' or '!'))
        {
            throw Fault("looks around, with (?=, (?!, (?<= or (?<!, which cannot be decided byte by byte. Put what is to stay readable before and behind a group (?<secret>…)");
        }

        if (Take('>'))
        {
            throw Fault("has an atomic group, (?>; write it as (?:");
        }

        if (Peek() is '<' or '\'')
        {
            return ParseNamedGroup();
        }

        return ParseOptions();
    }

    private Pattern ParseNamedGroup()
    {
        var close = _text[_at++] == '<' ? '>' : '\'';
        var end = _text.IndexOf(close, _at);
        var name = end < 0 ? "" : _text[_at..end];
        if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
        {
            throw Fault("has a group whose name is not made of letters, digits and _");
        }

        _at = end + 1;
        var body = ParseGroupBody();
        return name == "secret" ? new Pattern.Secret(body) : body;
    }

    private Pattern ParseGroupBody()
    {
        var body = ParseChoice();
        return Take(')') ? body : throw Fault("has a ( without its )");
    }

    /// <summary><c>(?i)</c> to the end of the group, or <c>(?i:…)</c>.</summary>
    private Pattern? ParseOptions()
    {
        var (outerCase, outerDot, on) = (_ignoresCase, _dotTakesNewline, true);
        while (!IsAtEnd)
        {
            switch (_text[_at++])
            {
                case '-': on = false; break;
                case 'i': _ignoresCase = on; break;
                case 's': _dotTakesNewline = on; break;
                case 'm' or 'n': break; // As it is anyhow.
                case ')': return null;
                case ':':
                    var body = ParseGroupBody();
                    (_ignoresCase, _dotTakesNewline) = (outerCase, outerDot);
                    return body;
                default:
                    _at--;
                    throw Fault($"has a group that begins with (?{_text[_at]}. Known are (…), (?:…), (?<name>…), and the options i and s");
            }
        }

        throw Fault("has a ( without its )");
    }

    private Pattern ParseEscape()
    {
        if (IsAtEnd)
        {
            throw Fault("ends in a lone \\");
        }

        var next = _text[_at];
        switch (next)
        {
            case 'b': _at++; return new Pattern.Place(PlaceKind.WordEdge);
            case 'B': _at++; return new Pattern.Place(PlaceKind.NotWordEdge);
            case 'A' or 'z' or 'Z' or 'G': throw Fault($"has \\{next}: the log of a running job has no end to wait for. ^ and $ are the beginning and end of a line");
            case 'k' or (>= '1' and <= '9'): throw Fault("refers back to a group, which cannot be decided byte by byte");
            case 'u':
                _at++;
                return Literal(((char)TakeHex(4)).ToString(), _ignoresCase);
            default: return new Pattern.One(Cased(ParseEscapedSet(), _ignoresCase));
        }
    }

    /// <summary>An escape that stands for one byte or one of several, in a class or outside.</summary>
    private ByteSet ParseEscapedSet()
    {
        var next = _text[_at++];
        return next switch
        {
            'd' => ByteSet.Digits,
            'D' => ~ByteSet.Digits,
            'w' => ByteSet.Word,
            'W' => ~ByteSet.Word,
            's' => ByteSet.Space,
            'S' => ~ByteSet.Space,
            'x' => ByteSet.Of((char)TakeHex(2)),
            't' => ByteSet.Of('\t'),
            'n' => ByteSet.Of('\n'),
            'r' => ByteSet.Of('\r'),
            'f' => ByteSet.Of('\f'),
            'v' => ByteSet.Of('\v'),
            'a' => ByteSet.Of('\a'),
            'e' => ByteSet.Of('\e'),
            '0' => ByteSet.Of('\0'),
            _ when char.IsAscii(next) && !char.IsAsciiLetterOrDigit(next) => ByteSet.Of(next),
            _ => throw Fault($"has \\{next}, which is not known here. Known are \\d \\w \\s \\D \\W \\S \\b \\B \\t \\n \\r \\f \\v \\a \\e \\0 \\xHH \\uHHHH and \\ before punctuation"),
        };
    }

    private int TakeHex(int digits)
    {
        if (_at + digits > _text.Length || !int.TryParse(_text.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            throw Fault($"has a \\{(digits == 2 ? 'x' : 'u')} without {digits} hexadecimal digits");
        }

        _at += digits;
        return value;
    }

    private Pattern ParseRepeats(Pattern atom)
    {
        var (least, most) = (1, (int?)1);
        if (Take('*'))
        {
            (least, most) = (0, null);
        }
        else if (Take('+'))
        {
            (least, most) = (1, null);
        }
        else if (Take('?'))
        {
            (least, most) = (0, 1);
        }
        else if (!TakeCounts(ref least, ref most))
        {
            return atom;
        }

        var isLazy = Take('?');
        if (Peek() is '*' or '+' or '?')
        {
            throw Fault("repeats a repetition; put the inner one into a group");
        }

        // Each time takes a step at least: so the limit of steps is one of nested counters, too.
        return atom.IsNothing ? throw Fault("repeats a group with nothing in it; leave the group out") : atom is Pattern.Place ? throw Fault("repeats a place such as ^ or \\b, which has no length") : new Pattern.Repeat(atom, least, most, isLazy);
    }

    /// <summary><c>{n}</c>, <c>{n,}</c> or <c>{n,m}</c>; any other brace is a brace.</summary>
    private bool TakeCounts(ref int least, ref int? most)
    {
        if (Peek() != '{' || _text.IndexOf('}', _at) is not (> 0 and var end) || _text[(_at + 1)..end].Split(',') is not { Length: 1 or 2 } parts
            || parts[0].Length == 0 || !parts.All(part => part.All(char.IsAsciiDigit)))
        {
            return false;
        }

        _at = end + 1;
        least = ToCount(parts[0]);
        most = parts.Length == 1 ? least : parts[1].Length == 0 ? null : ToCount(parts[1]);
        return most is null || (most >= least && most > 0) ? true : throw Fault($"has {{{string.Join(',', parts)}}}, which nothing can satisfy");
    }

    private int ToCount(string digits) =>
        int.TryParse(digits, CultureInfo.InvariantCulture, out var count) && count <= MostRepeats ? count : throw Fault($"repeats something more than {MostRepeats} times; use {{n,}} for no limit");

    private bool Take(char wanted)
    {
        var isThere = Peek() == wanted;
        _at += isThere ? 1 : 0;
        return isThere;
    }

    private char? Peek(int ahead = 0) => _at + ahead < _text.Length ? _text[_at + ahead] : null;

    private RuleException Fault(string what) => new($"The regular expression '{_text}' {what} (at character {Math.Min(_at + 1, _text.Length)}).");

    /// <summary><c>[…]</c>.</summary>
    private readonly struct ClassParser(PatternParser parser)
    {
        public ByteSet Parse()
        {
            var isNegated = parser.Take('^');
            var set = ByteSet.None;
            for (var isFirst = true; isFirst || parser.Peek() != ']'; isFirst = false)
            {
                var one = ParseOne();
                if (parser.Peek() == '-' && parser.Peek(1) is not (']' or '[' or null))
                {
                    parser._at++;
                    one = ParseRange(one);
                }

                if (parser.Peek() == '-' && parser.Peek(1) == '[')
                {
                    throw parser.Fault("takes one class from another, [a-z-[b]]; write out what is left");
                }

                set |= one;
            }

            parser._at++;
            set = Cased(set, parser._ignoresCase); // Before it is turned round: [^a] takes no A either then.
            return isNegated ? ~set : set;
        }

        private ByteSet ParseRange(ByteSet from)
        {
            var to = ParseOne();
            if (from.Count != 1 || to.Count != 1 || from.Values().First() > to.Values().First())
            {
                throw parser.Fault("has a range in a class that does not go from one character up to another");
            }

            return ByteSet.Range((char)from.Values().First(), (char)to.Values().First());
        }

        private ByteSet ParseOne()
        {
            switch (parser.Peek())
            {
                case null: throw parser.Fault("has a [ without its ]");
                case '\\' when parser.Peek(1) is null: throw parser.Fault("ends in a lone \\");
                case '\\' when parser.Peek(1) == 'b':
                    parser._at += 2;
                    return ByteSet.Of('\b');
                case '\\':
                    parser._at++;
                    return parser.ParseEscapedSet();
                case > '\x7F': throw parser.Fault("has a character beyond ASCII in a class, where it cannot stand because it is several bytes; write (?:ä|ö) instead of [äö]");
                default: return ByteSet.Of(parser._text[parser._at++]);
            }
        }
    }
}
