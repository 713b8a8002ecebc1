using System.Buffers;
using System.Globalization;
using System.Text;
using Relay.Cli.Tail;
using Relay.Cli.Tail.Lines;
using Relay.Cli.Tail.Screen;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli.Search;

/// <summary><c>12345:text</c> for each match, <c>12345!text</c> where it is of stderr and both outputs are searched. On a terminal the text is made safe and coloured.</summary>
internal sealed class MatchLines(StandardStreams streams, bool isOfBoth) : ISearchView
{
    private readonly LinePainter? _painter = streams.OutIsTerminal ? new LinePainter(addsColours: Environment.GetEnvironmentVariable("NO_COLOR") is not { Length: > 0 }, keepsColours: true) : null;
    private readonly TailedSession _none = new("", 0);
    private readonly ArrayBufferWriter<byte> _line = new();

    public void Show(SearchMatch match)
    {
        _line.ResetWrittenCount();
        var isStderr = match.Output == OutputType.Stderr.ToName();
        var number = match.Line.ToString(CultureInfo.InvariantCulture) + (isStderr && isOfBoth ? "!" : ":");
        _line.Write(Encoding.ASCII.GetBytes(number));
        var text = Encoding.UTF8.GetBytes(match.Text);
        if (_painter is null)
        {
            _line.Write(text);
        }
        else
        {
            _line.Write(" "u8);
            _painter.Paint(new LogLine { Session = _none, Output = isStderr ? OutputType.Stderr : OutputType.Stdout, Text = text, Begins = true, Ends = true }, _line);
        }

        if (match.Omitted > 0)
        {
            _line.Write(Encoding.UTF8.GetBytes($" … {match.Omitted.ToString(CultureInfo.InvariantCulture)} more bytes"));
        }

        _line.Write("\n"u8);
        streams.Out.Write(_line.WrittenSpan);
    }

    public void End(int count)
    {
    }
}
