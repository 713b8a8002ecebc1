using System.Globalization;
using System.Text;

namespace Relay.Cli.Tables;

/// <summary>Text of strangers (ids, labels), made fit for a terminal: nothing in it moves the cursor or turns the direction of writing.</summary>
internal static class PlainText
{
    /// <summary>Shows what is not seen, or changes how its neighbours are seen, as <c>\u{202e}</c>.</summary>
    public static string Escape(string text) =>
        IsPlain(text) ? text : string.Concat(text.EnumerateRunes().Select(rune => IsPlain(rune) ? rune.ToString() : $"\\u{{{rune.Value:x}}}"));

    /// <summary>Whether a terminal shows the text as it is.</summary>
    public static bool IsPlain(string text) => text.EnumerateRunes().All(IsPlain);

    /// <summary>How many columns a terminal takes for a plain text.</summary>
    public static int Width(string text) => text.EnumerateRunes().Sum(RuneWidth.Of);

    /// <summary>The text in at most so many columns; what is cut off becomes an ellipsis.</summary>
    public static string Cut(string text, int width)
    {
        if (Width(text) <= width)
        {
            return text;
        }

        var cut = new StringBuilder();
        var used = 1;
        foreach (var rune in text.EnumerateRunes())
        {
            used += RuneWidth.Of(rune);
            if (used > width)
            {
                break;
            }

            cut.Append(rune.ToString());
        }

        return width > 0 ? cut.Append('…').ToString() : "";
    }

    // A lone surrogate comes out of EnumerateRunes as U+FFFD, which is harmless.
    private static bool IsPlain(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
