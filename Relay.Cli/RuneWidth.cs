using System.Globalization;
using System.Text;

namespace Relay.Cli;

/// <summary>
/// How many columns a terminal takes for a character. Where terminals differ the wider guess is taken: a row that is too short does no harm,
/// one that wraps does.
/// </summary>
internal static class RuneWidth
{
    public static int Of(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format => 0,
        _ => IsWide(rune.Value) ? 2 : 1,
    };

    // Unicode Standard Annex 11 (East Asian Width W and F), in whole blocks, and the blocks that have emoji.
    private static bool IsWide(int c) => c >= 0x1100 && c is
        <= 0x115F or (>= 0x2300 and <= 0x23FF) or (>= 0x2600 and <= 0x27BF) or (>= 0x2B00 and <= 0x2BFF) or (>= 0x2E80 and <= 0xA4CF)
        or (>= 0xA960 and <= 0xA97F) or (>= 0xAC00 and <= 0xD7A3) or (>= 0xF900 and <= 0xFAFF) or (>= 0xFE30 and <= 0xFE6F)
        or (>= 0xFF00 and <= 0xFF60) or (>= 0xFFE0 and <= 0xFFE6) or (>= 0x16FE0 and <= 0x18DFF) or (>= 0x1B000 and <= 0x1B2FF)
        or (>= 0x1F000 and <= 0x1FAFF) or (>= 0x20000 and <= 0x3FFFD);
}
