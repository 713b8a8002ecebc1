namespace Relay.Cli.Tail.Screen;

/// <summary>
/// Finds the word of a line that says its level: <c>24/01/31 12:00:00 WARN TaskSetManager: …</c> (log4j), <c>ERROR:root:…</c> (Python),
/// <c>[error]</c>, <c>level=info</c>, <c>"level":"warn"</c>. It is looked for at the beginning only.
/// </summary>
internal static class LevelWord
{
    private const int LookedAt = 160;

    /// <returns>The colour of the level, or nothing when there is no such word.</returns>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> line, out Range word)
    {
        line = line[..Math.Min(line.Length, LookedAt)];
        var at = 0;
        while (at < line.Length)
        {
            if (!IsLetter(line[at]))
            {
                at++;
                continue;
            }

            var start = at;
            while (at < line.Length && (IsLetter(line[at]) || line[at] == (byte)'_' || char.IsAsciiDigit((char)line[at])))
            {
                at++;
            }

            if (at - start is >= 4 and <= 8 && ColourOf(line, start, at) is { IsEmpty: false } colour)
            {
                word = start..at;
                return colour;
            }
        }

        word = default;
        return default;
    }

    private static ReadOnlySpan<byte> ColourOf(ReadOnlySpan<byte> line, int start, int end)
    {
        Span<byte> upper = stackalloc byte[8];
        upper = upper[..(end - start)];
        var isLower = false;
        for (var i = 0; i < upper.Length; i++)
        {
            isLower |= line[start + i] is >= (byte)'a' and <= (byte)'z';
            upper[i] = (byte)char.ToUpperInvariant((char)line[start + i]);
        }

        var colour = upper switch
        {
            _ when upper.SequenceEqual("ERROR"u8) || upper.SequenceEqual("FATAL"u8) => "\e[1;31m"u8,
            _ when upper.SequenceEqual("CRITICAL"u8) || upper.SequenceEqual("SEVERE"u8) => "\e[1;31m"u8,
            _ when upper.SequenceEqual("WARN"u8) || upper.SequenceEqual("WARNING"u8) => "\e[33m"u8,
            _ when upper.SequenceEqual("INFO"u8) || upper.SequenceEqual("NOTICE"u8) => "\e[32m"u8,
            _ when upper.SequenceEqual("DEBUG"u8) || upper.SequenceEqual("TRACE"u8) => "\e[2m"u8,
            _ => default,
        };

        // In running text "error" is a word like others; in lower case it is a level only where a level stands.
        return !isLower || SaysLevel(line[..start]) ? colour : default;
    }

    private static bool SaysLevel(ReadOnlySpan<byte> before)
    {
        if (before.EndsWith("["u8))
        {
            return true;
        }

        before = before.TrimEnd("\" :="u8).TrimEnd("\""u8);
        return before.EndsWith("level"u8) || before.EndsWith("severity"u8) || before.EndsWith("lvl"u8);
    }

    private static bool IsLetter(byte b) => char.IsAsciiLetter((char)b);
}
