using System.Collections.Frozen;
using System.Text;
using Relay.Contracts;

namespace Relay.Text;

/// <summary>
/// Finds what a line says of its level: <c>24/01/31 12:00:00 WARN TaskSetManager: …</c> (log4j), <c>ERROR:root:…</c> (Python), <c>[error]</c>, <c>level=info</c>,
/// <c>"level":"warn"</c>, <c>[12:00:00 ERR]</c> (Serilog), <c>fail: Category[0]</c> (Microsoft's console), <c>E0131 12:00:00.0 …</c> (glog). Pages find the same
/// (Dashboard/src/text/level.ts); Relay.Tests/Lines/levels.json holds both to it.
/// </summary>
internal static class LineLevels
{
    /// <summary>A level stands at the beginning; of JSON, whose keys come in any order, more is looked at.</summary>
    private const int LookedAt = 160;

    private const int LookedAtOfJson = 2048;

    private const int LongestWord = 11;

    private static readonly FrozenDictionary<string, LineLevel> Words = Table(
        (LineLevel.Fatal, "FATAL CRITICAL"), (LineLevel.Error, "ERROR SEVERE"), (LineLevel.Warn, "WARN WARNING"), (LineLevel.Info, "INFO NOTICE"), (LineLevel.Debug, "DEBUG"), (LineLevel.Trace, "TRACE"));

    /// <summary>Serilog's <c>{Level:u3}</c>.</summary>
    private static readonly FrozenDictionary<string, LineLevel> Short = Table(
        (LineLevel.Fatal, "FTL"), (LineLevel.Error, "ERR"), (LineLevel.Warn, "WRN"), (LineLevel.Info, "INF"), (LineLevel.Debug, "DBG"), (LineLevel.Trace, "VRB"));

    private static readonly FrozenDictionary<string, LineLevel> Microsoft = Table(
        (LineLevel.Fatal, "crit"), (LineLevel.Error, "fail"), (LineLevel.Warn, "warn"), (LineLevel.Info, "info"), (LineLevel.Debug, "dbug"), (LineLevel.Trace, "trce"));

    /// <summary>What is a level only as the value of a level's key, and the numbers of pino and bunyan.</summary>
    private static readonly FrozenDictionary<string, LineLevel> Values = Table(
        (LineLevel.Fatal, "FATAL CRITICAL EMERGENCY ALERT PANIC 60"), (LineLevel.Error, "ERROR SEVERE 50"), (LineLevel.Warn, "WARN WARNING 40"),
        (LineLevel.Info, "INFO NOTICE INFORMATION 30"), (LineLevel.Debug, "DEBUG 20"), (LineLevel.Trace, "TRACE VERBOSE 10"));

    private static readonly FrozenSet<string> Keys = new[] { "@L", "LEVEL", "SEVERITY", "LVL", "LOG.LEVEL", "LOGLEVEL" }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The level of a line, its colours left out.</summary>
    public static LineLevel Of(ReadOnlySpan<byte> line)
    {
        if (!line[..Math.Min(line.Length, LookedAtOfJson)].Contains((byte)'\e'))
        {
            return Find(line, out _);
        }

        Span<char> chars = stackalloc char[LookedAtOfJson];
        var count = Encoding.Latin1.GetChars(line[..Math.Min(line.Length, LookedAtOfJson)], chars);
        count = ColourSequences.Strip(chars[..count]);
        Span<byte> plain = stackalloc byte[LookedAtOfJson];
        return Find(plain[..Encoding.Latin1.GetBytes(chars[..count], plain)], out _);
    }

    /// <param name="line">Without colours.</param>
    /// <param name="word">What says it; empty when the line says it by what it leaves out.</param>
    public static LineLevel Find(ReadOnlySpan<byte> line, out Range word)
    {
        var level = OfPrefix(line, out word);
        if (level == LineLevel.None && line.StartsWith("{"u8))
        {
            level = OfJson(line[..Math.Min(line.Length, LookedAtOfJson)], out word);
        }

        return level == LineLevel.None ? OfWord(line[..Math.Min(line.Length, LookedAt)], out word) : level;
    }

    private static LineLevel OfPrefix(ReadOnlySpan<byte> line, out Range word)
    {
        word = ..1;
        if (line.Length >= 14 && line[0] is (byte)'F' or (byte)'E' or (byte)'W' or (byte)'I' && IsGlog(line[1..]))
        {
            return line[0] switch { (byte)'F' => LineLevel.Fatal, (byte)'E' => LineLevel.Error, (byte)'W' => LineLevel.Warn, _ => LineLevel.Info };
        }

        word = ..4;
        return line.Length >= 5 && line[4] == (byte)':' && (line.Length == 5 || IsSpace(line[5])) ? Look(Microsoft, line[..4], upper: false) : LineLevel.None;
    }

    /// <summary><c>mmdd hh:mm:ss</c>, or with the year before it.</summary>
    private static bool IsGlog(ReadOnlySpan<byte> text)
    {
        var day = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return day is 4 or 8 && text.Length >= day + 9 && text[day] == (byte)' ' && IsTime(text[(day + 1)..]);
    }

    private static bool IsTime(ReadOnlySpan<byte> text) =>
        text is [>= (byte)'0' and <= (byte)'9', >= (byte)'0' and <= (byte)'9', (byte)':', >= (byte)'0' and <= (byte)'9', >= (byte)'0' and <= (byte)'9', (byte)':', >= (byte)'0' and <= (byte)'9', >= (byte)'0' and <= (byte)'9', ..];

    private static LineLevel OfJson(ReadOnlySpan<byte> json, out Range word)
    {
        var (hasTime, hasMessage) = (false, false);
        for (var at = 0; at < json.Length;)
        {
            var open = json[at..].IndexOf((byte)'"');
            var length = open < 0 ? -1 : json[(at + open + 1)..].IndexOf((byte)'"');
            if (length < 0)
            {
                break;
            }

            var key = json.Slice(at + open + 1, length);
            at += open + 1; // What looks like a key may be the end of a value: each quote is tried.
            var behind = at + length + 1;
            var isKey = behind < json.Length && json[behind] == (byte)':';
            hasTime |= isKey && key.SequenceEqual("@t"u8);
            hasMessage |= isKey && (key.SequenceEqual("@m"u8) || key.SequenceEqual("@mt"u8));
            if (IsKey(key) && ValueAt(json, behind, out word) is var level and not LineLevel.None)
            {
                return level;
            }
        }

        // Its compact form leaves the level out when it is Information.
        word = default;
        return hasTime && hasMessage ? LineLevel.Info : LineLevel.None;
    }

    private static bool IsKey(ReadOnlySpan<byte> key)
    {
        if (key.Length is < 2 or > 9)
        {
            return false;
        }

        Span<char> upper = stackalloc char[9];
        return Keys.GetAlternateLookup<ReadOnlySpan<char>>().Contains(upper[..Upper(key, upper)]);
    }

    private static LineLevel ValueAt(ReadOnlySpan<byte> json, int at, out Range word)
    {
        word = default;
        at += Spaces(json[at..]);
        if (at >= json.Length || json[at] != (byte)':')
        {
            return LineLevel.None;
        }

        at++;
        at += Spaces(json[at..]);
        var isQuoted = at < json.Length && json[at] == (byte)'"';
        at += isQuoted ? 1 : 0;
        var end = at;
        while (end < json.Length && (isQuoted ? IsWordPart(json[end]) : char.IsAsciiDigit((char)json[end])))
        {
            end++;
        }

        word = at..end;
        var isWhole = isQuoted ? end < json.Length && json[end] == (byte)'"' : end == json.Length || !IsWordPart(json[end]);
        return isWhole ? Look(Values, json[at..end], upper: true) : LineLevel.None;
    }

    private static LineLevel OfWord(ReadOnlySpan<byte> line, out Range word)
    {
        word = default;
        if (IsLastOfTraceback(line))
        {
            return LineLevel.None;
        }

        for (var at = 0; at < line.Length;)
        {
            if (!char.IsAsciiLetter((char)line[at]))
            {
                at++;
                continue;
            }

            var start = at;
            while (at < line.Length && IsWordPart(line[at]))
            {
                at++;
            }

            if (OfWordAt(line, start, at) is var level and not LineLevel.None)
            {
                word = start..at;
                return level;
            }
        }

        return LineLevel.None;
    }

    /// <summary>In running text "error" is a word like others: not in capitals it is a level only where a level stands.</summary>
    private static LineLevel OfWordAt(ReadOnlySpan<byte> line, int start, int end)
    {
        var text = line[start..end];
        if (text.Length == 3)
        {
            return line[..start].EndsWith("["u8) || (end < line.Length && line[end] == (byte)']') ? Look(Short, text, upper: false) : LineLevel.None;
        }

        var level = text.Length is >= 4 and <= 8 ? Look(Words, text, upper: true) : LineLevel.None;
        return level == LineLevel.None || !text.ContainsAnyInRange((byte)'a', (byte)'z') || SaysLevel(line[..start]) ? level : LineLevel.None;
    }

    private static bool SaysLevel(ReadOnlySpan<byte> before)
    {
        if (before.EndsWith("["u8))
        {
            return true;
        }

        before = before.TrimEnd("\" :="u8);
        return before.EndsWith("level"u8) || before.EndsWith("severity"u8) || before.EndsWith("lvl"u8);
    }

    /// <summary><c>pkg.SomeError: …</c>, whatever its message says.</summary>
    private static bool IsLastOfTraceback(ReadOnlySpan<byte> line)
    {
        var end = 0;
        while (end < line.Length && (IsWordPart(line[end]) || line[end] == (byte)'.'))
        {
            end++;
        }

        var name = line[..end];
        return (end == line.Length || line[end] == (byte)':') && name.Length > 5
            && ((name.EndsWith("Error"u8) && name.Length > "Error".Length) || (name.EndsWith("Exception"u8) && name.Length > "Exception".Length) || (name.EndsWith("Warning"u8) && name.Length > "Warning".Length));
    }

    private static LineLevel Look(FrozenDictionary<string, LineLevel> table, ReadOnlySpan<byte> word, bool upper)
    {
        Span<char> chars = stackalloc char[LongestWord];
        if (word.Length is 0 or > LongestWord)
        {
            return LineLevel.None;
        }

        var count = upper ? Upper(word, chars) : Encoding.Latin1.GetChars(word, chars);
        return table.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(chars[..count], out var level) ? level : LineLevel.None;
    }

    private static int Upper(ReadOnlySpan<byte> word, Span<char> upper)
    {
        for (var i = 0; i < word.Length; i++)
        {
            upper[i] = char.ToUpperInvariant((char)word[i]);
        }

        return word.Length;
    }

    private static int Spaces(ReadOnlySpan<byte> text) => text.Length - text.TrimStart(" \t"u8).Length;

    private static bool IsSpace(byte b) => b is (byte)' ' or (byte)'\t';

    private static bool IsWordPart(byte b) => char.IsAsciiLetterOrDigit((char)b) || b == (byte)'_';

    private static FrozenDictionary<string, LineLevel> Table(params (LineLevel Level, string Words)[] levels) =>
        levels.SelectMany(level => level.Words.Split(' ').Select(word => (Word: word, level.Level))).ToFrozenDictionary(entry => entry.Word, entry => entry.Level, StringComparer.Ordinal);
}
