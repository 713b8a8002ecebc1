using Relay.Cli.Tail.Lines;
using Relay.Cli.Tail.Screen;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli.Tail;

/// <summary>Where each output goes, by what was asked for and by what it is connected to.</summary>
internal sealed class TailSinks
{
    private readonly StandardStreams _streams;
    private readonly ILineSink?[] _lines = new ILineSink?[3];
    private readonly TextLines?[] _text = new TextLines?[3];
    private readonly Paper?[] _papers = new Paper?[3];
    private readonly bool _grep;
    private readonly JsonLines? _json;
    private readonly LiveRow? _live;
    private readonly SessionColumn _column = new();

    public TailSinks(TailOptions options, TerminalUse use, StandardStreams streams)
    {
        _streams = streams;
        Bytes = new OrderedOutput(streams);
        _grep = options.Grep is not null;
        if (options.Json)
        {
            _json = new JsonLines(Bytes, streams.OutIsTerminal);
        }

        _live = use.LiveRowOn is { } on ? new LiveRow(Bytes, on, () => streams.Width(on == OutputType.Stdout)) : null;
        foreach (var output in OutputTypes.All)
        {
            var text = _json is null && (options.NeedsLines || use.IsPainted(output)) ? Text(output, options, use) : null;
            _lines[(int)output] = Filter(options, (ILineSink?)_json ?? text);
        }
    }

    public OrderedOutput Bytes { get; }

    /// <summary>Whether something changes when only time passes.</summary>
    public bool NeedTicks => _live is not null || _lines.Any(sink => sink is not null);

    /// <summary>What takes the lines of an output; <c>null</c> when it is shown as bytes.</summary>
    public ILineSink? Of(OutputType output) => _lines[(int)output];

    public void Meet(TailedSession session) => _column.MakeRoomFor(session.Name);

    /// <summary>Whether a line that has not ended stands in the live row, from its first byte.</summary>
    public bool ShowsOpenLines(OutputType output) => Shows(output) && _papers[(int)output]?.Live is not null;

    /// <summary>Whether a line may be shown before it has ended. What is searched is judged whole.</summary>
    public bool Shows(OutputType output) => !_grep && Of(output) is not null;

    public void Mark(TailedSession session, in LogEntry mark, string? cursor) => _json?.Mark(session, mark, cursor);

    public void Say(string message)
    {
        _live?.Erase();
        _papers[(int)OutputType.Stderr]?.EndRow();
        Bytes.Flush();
        _streams.Say("relay", _streams.ErrorIsTerminal ? TerminalText.Safe(message.ReplaceLineEndings(" ")) : message);
    }

    /// <summary>Draws the live row.</summary>
    public void Update(LineAssembler? open, string status, bool urgent)
    {
        if (_live is null || _papers.Any(paper => paper is { InLine: true, Live: not null }))
        {
            return; // The row belongs to a line that is written in pieces.
        }

        if (open is null)
        {
            _live.Draw([], keepEnd: false, status, urgent);
            return;
        }

        var line = open.Peek();
        _live.Draw(_text[(int)open.Output]!.Preview(line), keepEnd: !line.Text.Contains((byte)'\r'), status, urgent);
    }

    /// <summary>Leaves a terminal with its cursor in a row that is free.</summary>
    public void Close()
    {
        _live?.Erase();
        foreach (var paper in _papers)
        {
            if (paper is { Live: not null })
            {
                paper.EndRow();
            }
        }
    }

    private TextLines Text(OutputType output, TailOptions options, TerminalUse use)
    {
        var painter = use.IsPainted(output) ? new LinePainter(use.AddsColours(output), use.KeepsColours) : null;
        var paper = use.IsShared && _papers[(int)OutputType.Stdout] is { } shared
            ? shared
            : new Paper(Bytes, use.HasLiveRow(output) ? _live : null);
        _papers[(int)output] = paper;
        var head = new LineHead(options.Timestamps, options.Prefix || !options.IsSingle, _column, painter);
        return _text[(int)output] = new TextLines(paper, head, painter);
    }

    private static ILineSink? Filter(TailOptions options, ILineSink? sink) =>
        sink is not null && options.Grep is { } pattern ? new GrepFilter(pattern, options.Before, options.After, sink) : sink;
}
