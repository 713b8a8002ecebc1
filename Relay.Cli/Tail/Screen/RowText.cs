using System.Buffers;
using System.Text;

namespace Relay.Cli.Tail.Screen;

/// <summary>
/// How many columns text takes on a terminal, and how it is cut to them. The text was made safe before: printable characters, tabs and
/// colours.
/// </summary>
internal static class RowText
{
    public static int Width(ReadOnlySpan<byte> text)
    {
        var width = 0;
        while (!text.IsEmpty)
        {
            width += Next(text, out var length);
            text = text[length..];
        }

        return width;
    }

    /// <summary>Writes what fits, with its colours; a tab becomes a space.</summary>
    /// <param name="keepEnd">Whether the end is kept; else the beginning.</param>
    public static void Fit(ReadOnlySpan<byte> text, int columns, bool keepEnd, ArrayBufferWriter<byte> to)
    {
        var skip = keepEnd ? Math.Max(Width(text) - columns, 0) : 0;
        var at = 0;
        while (!text.IsEmpty)
        {
            var width = Next(text, out var length);
            var isColour = text[0] == 0x1b;
            if (isColour || (at >= skip && at + width <= skip + columns))
            {
                to.Write(text[0] == (byte)'\t' ? " "u8 : text[..length]);
            }

            at += width;
            text = text[length..];
        }
    }

    private static int Next(ReadOnlySpan<byte> text, out int length)
    {
        length = 1;
        if (text[0] == 0x1b)
        {
            length = text.IndexOf((byte)'m') + 1;
            return 0;
        }

        if (text[0] < 0x80)
        {
            return 1;
        }

        Rune.DecodeFromUtf8(text, out var rune, out length);
        return RuneWidth.Of(rune);
    }
}
