using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Relay.Contracts;

namespace Relay.Cli.Tail.Lines;

/// <summary>One JSON object per line on stdout. The fields are described in the README.</summary>
/// <param name="toTerminal">Escapes all that is not ASCII, so that a terminal meets no tricks.</param>
internal sealed class JsonLines(OrderedOutput bytes, bool toTerminal) : ILineSink
{
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private readonly JsonWriterOptions _options = new()
    {
        SkipValidation = true,
        Encoder = toTerminal ? JavaScriptEncoder.Default : JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public void Line(in LogLine line)
    {
        using var json = Begin(line.Session);
        json.WriteString("output", line.Output.ToName());
        Time(json, line.TimeMicros);
        json.WriteNumber("offset", line.Offset);
        json.WriteNumber("sequence", line.Sequence);
        if (Utf8.IsValid(line.Text))
        {
            json.WriteString("text", line.Text);
        }
        else
        {
            json.WriteBase64String("base64", line.Text);
        }

        if (!line.Ends)
        {
            json.WriteBoolean("partial", true);
        }

        End(json, line.Cursor);
    }

    public void Separator(OutputType output)
    {
        // Offsets tell.
    }

    public void Mark(TailedSession session, in LogEntry mark, string? cursor)
    {
        using var json = Begin(session);
        switch (mark.Kind)
        {
            case LogEntryKind.Gap:
                json.WriteString("output", mark.Output.ToName());
                json.WriteStartObject("gap");
                json.WriteNumber("offset", mark.Offset);
                json.WriteNumber("bytes", mark.Length);
                json.WriteString("reason", NameOf(mark.Gap));
                json.WriteEndObject();
                break;
            case LogEntryKind.Diverged:
                json.WriteStartObject("diverged");
                json.WriteNumber("sequence", mark.Sequence);
                foreach (var total in mark.Totals ?? [])
                {
                    json.WriteNumber(total.Output.ToName(), total.Bytes);
                }

                json.WriteEndObject();
                break;
            default:
                json.WriteStartObject("end");
                json.WriteString("reason", NameOf(mark.End));
                if (mark.ExitCode is { } exitCode)
                {
                    json.WriteNumber("exit_code", exitCode);
                }
                else
                {
                    json.WriteNull("exit_code");
                }

                json.WriteEndObject();
                break;
        }

        End(json, cursor);
    }

    private static string NameOf(GapReason reason) => reason switch
    {
        GapReason.Trimmed => "trimmed",
        GapReason.Corrupt => "corrupt",
        GapReason.LostByWriter => "lost_by_writer",
        _ => "unknown",
    };

    private static string NameOf(EndReason reason) => reason switch
    {
        EndReason.Completed => "completed",
        EndReason.WriterClosed => "writer_closed",
        EndReason.WriterLost => "writer_lost",
        EndReason.Deleted => "deleted",
        EndReason.Expired => "expired",
        EndReason.Tail => "tail",
        _ => "unknown",
    };

    private Utf8JsonWriter Begin(TailedSession session)
    {
        _buffer.ResetWrittenCount();
        var json = new Utf8JsonWriter(_buffer, _options);
        json.WriteStartObject();
        json.WriteString("session", session.Name);
        return json;
    }

    private static void Time(Utf8JsonWriter json, long micros)
    {
        Span<byte> text = stackalloc byte[Timestamp.MaxLength];
        json.WriteString("time", text[..Timestamp.Format(micros, Timestamp.Microseconds, text)]);
    }

    private void End(Utf8JsonWriter json, string? cursor)
    {
        json.WriteString("cursor", cursor);
        json.WriteEndObject();
        json.Flush();
        _buffer.Write("\n"u8);
        bytes.Write(OutputType.Stdout, _buffer.WrittenSpan);
    }
}
