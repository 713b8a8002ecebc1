using System.Buffers;
using Relay.Cli.Tail.Screen;
using Relay.Contracts;

namespace Relay.Cli.Tail.Lines;

/// <summary>Lines as text: exact bytes, or made safe and coloured for a terminal by a painter.</summary>
internal sealed class TextLines(Paper paper, LineHead head, LinePainter? painter) : ILineSink
{
    private readonly ArrayBufferWriter<byte> _buffer = new();

    public void Line(in LogLine line)
    {
        if (paper.Begin(line))
        {
            WriteHead(line);
        }

        if (painter is null)
        {
            paper.Write(line.Output, line.Text);
        }
        else
        {
            _buffer.ResetWrittenCount();
            painter.Paint(line, _buffer);
            paper.Write(line.Output, _buffer.WrittenSpan);
        }

        paper.End(line);
    }

    public void Separator(OutputType output) => paper.WriteLine(output, "--"u8);

    public void Mark(TailedSession session, in LogEntry mark, string? cursor)
    {
        // A message on stderr says it.
    }

    /// <summary>A line that has not ended, as it would be written.</summary>
    public ReadOnlySpan<byte> Preview(in LogLine line)
    {
        _buffer.ResetWrittenCount();
        head.Write(line, _buffer);
        painter?.Paint(line, _buffer);
        return _buffer.WrittenSpan;
    }

    private void WriteHead(in LogLine line)
    {
        _buffer.ResetWrittenCount();
        head.Write(line, _buffer);
        paper.Write(line.Output, _buffer.WrittenSpan);
    }
}
