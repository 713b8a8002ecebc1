using Relay.Cli.Tail.Screen;
using Relay.Contracts;

namespace Relay.Cli.Tail.Lines;

/// <summary>
/// Where lines are written one below the other: a stream of its own, or a terminal that both outputs share. Sees to it that a line that has
/// not ended is not continued by another one.
/// </summary>
internal sealed class Paper(OrderedOutput bytes, LiveRow? live)
{
    private TailedSession? _session;
    private OutputType _output;

    /// <summary>Whether the last line written has not ended.</summary>
    public bool InLine => _session is not null;

    public LiveRow? Live => live;

    /// <returns>Whether the line begins in a row of its own here, and so needs its head.</returns>
    public bool Begin(in LogLine line)
    {
        live?.Erase();
        if (InLine && !line.Begins && _session == line.Session && _output == line.Output)
        {
            return false;
        }

        EndRow();
        return true;
    }

    public void Write(OutputType output, ReadOnlySpan<byte> text) => bytes.Write(output, text);

    public void End(in LogLine line)
    {
        (_session, _output) = (line.Session, line.Output);
        if (line.Ends)
        {
            bytes.Write(line.Output, "\n"u8);
            _session = null;
        }
    }

    public void WriteLine(OutputType output, ReadOnlySpan<byte> text)
    {
        live?.Erase();
        EndRow();
        bytes.Write(output, text);
        bytes.Write(output, "\n"u8);
    }

    /// <summary>Ends the row of a line that was not ended.</summary>
    public void EndRow()
    {
        if (InLine)
        {
            bytes.Write(_output, "\n"u8);
            _session = null;
        }
    }
}
