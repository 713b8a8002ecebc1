using System.Buffers;
using Relay.Cli.Tail.Lines;
using Relay.Contracts;
using Relay.Text;

namespace Relay.Cli.Tail.Screen;

/// <summary>
/// Lines as a terminal may have them: safe, in their last state, and coloured. A line that brings colours keeps them; else the word that
/// says the level has a colour, and a line of stderr without such a word is red: loggers write all levels to stderr.
/// </summary>
/// <param name="addsColours">Whether to add colours of our own.</param>
/// <param name="keepsColours">Whether the job's own pass.</param>
internal sealed class LinePainter(bool addsColours, bool keepsColours)
{
    public bool AddsColours => addsColours;

    public void Paint(in LogLine line, ArrayBufferWriter<byte> to)
    {
        var text = CarriageReturn.LastState(line.Text);
        if (!addsColours || text.Contains((byte)0x1b))
        {
            if (TerminalText.Append(text, to, keepsColours))
            {
                to.Write(TerminalText.Reset);
            }
        }
        else if (line.Begins && ColourOf(LineLevels.Find(text, out var level)) is { IsEmpty: false } colour)
        {
            TerminalText.Append(text[..level.Start], to, keepColours: false);
            Coloured(text[level], colour, to);
            TerminalText.Append(text[level.End..], to, keepColours: false);
        }
        else if (line.Output == OutputType.Stderr && !text.IsEmpty)
        {
            Coloured(text, "\e[31m"u8, to);
        }
        else
        {
            TerminalText.Append(text, to, keepColours: false);
        }
    }

    private static ReadOnlySpan<byte> ColourOf(LineLevel level) => level switch
    {
        LineLevel.Fatal or LineLevel.Error => "\e[1;31m"u8,
        LineLevel.Warn => "\e[33m"u8,
        LineLevel.Info => "\e[32m"u8,
        LineLevel.Debug or LineLevel.Trace => "\e[2m"u8,
        _ => default,
    };

    private static void Coloured(ReadOnlySpan<byte> text, ReadOnlySpan<byte> colour, ArrayBufferWriter<byte> to)
    {
        to.Write(colour);
        TerminalText.Append(text, to, keepColours: false);
        to.Write(TerminalText.Reset);
    }
}
