using System.Buffers;

namespace Relay.Cli.Tail.Screen;

/// <summary>
/// Control sequences as ECMA-48 (5th edition, 5.3–5.6) and ECMA-35 define them.
/// <code>
/// CSI     ESC [  parameters 0x30–0x3F…  intermediates 0x20–0x2F…  final 0x40–0x7E
/// string  ESC ] or P X ^ _   text   ESC \   (after ESC ] also BEL, as xterm has it)
/// other   ESC    intermediates 0x20–0x2F…  final 0x30–0x7E
/// </code>
/// </summary>
internal static class EscapeSequence
{
    /// <summary>Longer ones are not taken for sequences, so that one that nobody ends does not swallow the log.</summary>
    private const int Longest = 4096;

    private const int LongestColour = 128;

    private static readonly SearchValues<byte> ColourParameters = SearchValues.Create("0123456789;:"u8);

    /// <param name="text">Begins with ESC.</param>
    /// <returns>The length of the sequence that stands at the beginning; 0 when it is broken off or malformed.</returns>
    public static int LengthAt(ReadOnlySpan<byte> text)
    {
        text = text[..Math.Min(text.Length, Longest)];
        return text.Length < 2 ? 0 : text[1] switch
        {
            (byte)'[' => CsiLength(text),
            (byte)']' => StringLength(text, endsWithBell: true),
            (byte)'P' or (byte)'X' or (byte)'^' or (byte)'_' => StringLength(text, endsWithBell: false),
            _ => OtherLength(text),
        };
    }

    /// <summary>Whether a sequence is SGR (ECMA-48, 8.3.117) and does not hide the text or make it blink.</summary>
    public static bool IsColour(ReadOnlySpan<byte> sequence)
    {
        if (sequence is not [_, (byte)'[', .., (byte)'m'] || sequence.Length > LongestColour || sequence[2..^1].ContainsAnyExcept(ColourParameters))
        {
            return false;
        }

        var parameters = sequence[2..^1];
        var skip = 0;
        var colourFollows = false;
        foreach (var range in parameters.Split((byte)';'))
        {
            var parameter = parameters[range].TrimStart((byte)'0');
            if (colourFollows)
            {
                // 38;5;N and 38;2;R;G;B: what follows are numbers of a colour, not attributes.
                (colourFollows, skip) = (false, parameter.SequenceEqual("5"u8) ? 1 : 3);
            }
            else if (skip > 0)
            {
                skip--;
            }
            else if (parameter is [(byte)'5' or (byte)'6' or (byte)'8'])
            {
                return false;
            }
            else
            {
                colourFollows = parameter is [(byte)'3' or (byte)'4' or (byte)'5', (byte)'8'];
            }
        }

        return true;
    }

    private static int CsiLength(ReadOnlySpan<byte> text)
    {
        var at = 2 + Run(text[2..], 0x30, 0x3F);
        at += Run(text[at..], 0x20, 0x2F);
        return at < text.Length && text[at] is >= 0x40 and <= 0x7E ? at + 1 : 0;
    }

    private static int OtherLength(ReadOnlySpan<byte> text)
    {
        var at = 1 + Run(text[1..], 0x20, 0x2F);
        return at < text.Length && text[at] is >= 0x30 and <= 0x7E ? at + 1 : 0;
    }

    private static int StringLength(ReadOnlySpan<byte> text, bool endsWithBell)
    {
        for (var at = 2; at < text.Length; at++)
        {
            switch (text[at])
            {
                case 0x07 when endsWithBell:
                    return at + 1;
                case 0x1b when at + 1 < text.Length && text[at + 1] == (byte)'\\':
                    return at + 2;
                case < 0x20:
                    return 0; // CAN, SUB and ESC abort a string on a terminal; others do not belong there.
            }
        }

        return 0;
    }

    private static int Run(ReadOnlySpan<byte> text, byte from, byte to)
    {
        var end = text.IndexOfAnyExceptInRange(from, to);
        return end < 0 ? text.Length : end;
    }
}
