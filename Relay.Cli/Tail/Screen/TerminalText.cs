using System.Buffers;
using System.Text;

namespace Relay.Cli.Tail.Screen;

/// <summary>
/// Makes bytes that a job printed harmless to a terminal: printable text, tabs and colours pass; nothing else reaches it as it is. Whole
/// control sequences (ECMA-48, and xterm's and tmux's own) are left out; lone control characters, and characters that turn text around or
/// hide it, are shown by their names, bytes that are not UTF-8 as <c>&lt;FF&gt;</c>. Pages show the same (Dashboard/src/text/terminal.ts);
/// Relay.Tests/Lines/examples.json holds both to it.
/// </summary>
internal static class TerminalText
{
    private const byte Escape = 0x1b;

    /// <summary>Ends all colours.</summary>
    public static ReadOnlySpan<byte> Reset => "\e[0m"u8;

    /// <summary>Appends the safe form of a line, or of a piece of one.</summary>
    /// <returns>Whether colours passed, so that they must be reset.</returns>
    public static bool Append(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> to, bool keepColours)
    {
        var coloured = false;
        while (true)
        {
            var plain = text.IndexOfAnyExceptInRange((byte)0x20, (byte)0x7e);
            to.Write(plain < 0 ? text : text[..plain]);
            if (plain < 0)
            {
                return coloured;
            }

            text = text[plain..];
            switch (text[0])
            {
                case (byte)'\t':
                    to.Write("\t"u8);
                    text = text[1..];
                    break;
                case Escape when EscapeSequence.LengthAt(text) is > 0 and var length:
                    if (keepColours && EscapeSequence.IsColour(text[..length]))
                    {
                        to.Write(text[..length]);
                        coloured = true;
                    }

                    text = text[length..];
                    break;
                case < 0x20 or 0x7f:
                    to.Write([(byte)'^', (byte)(text[0] ^ 0x40)]);
                    text = text[1..];
                    break;
                default:
                    text = text[AppendCharacter(text, to)..];
                    break;
            }
        }
    }

    /// <summary>The safe form of a message, without colours.</summary>
    public static string Safe(string text)
    {
        var safe = new ArrayBufferWriter<byte>();
        Append(Encoding.UTF8.GetBytes(text), safe, keepColours: false);
        return Encoding.UTF8.GetString(safe.WrittenSpan);
    }

    private static int AppendCharacter(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> to)
    {
        if (Rune.DecodeFromUtf8(text, out var rune, out var length) != OperationStatus.Done)
        {
            length = 1; // Each by itself: what comes behind it may be whole.
            to.Write(Encoding.ASCII.GetBytes($"<{text[0]:X2}>"));
        }
        else if (IsTreacherous(rune.Value))
        {
            to.Write(Encoding.ASCII.GetBytes($"<U+{rune.Value:X4}>"));
        }
        else
        {
            to.Write(text[..length]);
        }

        return length;
    }

    /// <summary>
    /// C1 controls; what changes the direction of text (Unicode Standard Annex 9, 2) and so shows something else than is there; line and
    /// paragraph separators; characters without any shape. The joiners U+200C and U+200D stay: scripts and emoji need them.
    /// </summary>
    private static bool IsTreacherous(int c) => c is
        (>= 0x80 and <= 0x9F) or 0xAD or 0x61C or 0x115F or 0x1160 or 0x180E or 0x200B or 0x200E or 0x200F or (>= 0x2028 and <= 0x202E)
        or (>= 0x2060 and <= 0x206F) or 0x3164 or 0xFEFF or 0xFFA0 or (>= 0xFFF9 and <= 0xFFFB) or (>= 0xE0000 and <= 0xE0FFF);
}
