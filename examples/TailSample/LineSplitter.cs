using System.Text;

namespace TailSample;

/// <summary>Makes lines of one output's bytes, which arrive cut anywhere: also within a line, also within a character.</summary>
public sealed class LineSplitter
{
    private const int LongestLine = 64 * 1024; // A job that never ends its line must not fill the memory.

    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _line = new();

    public IEnumerable<string> Split(ReadOnlyMemory<byte> bytes)
    {
        var chars = new char[_decoder.GetCharCount(bytes.Span, flush: false)];
        _decoder.GetChars(bytes.Span, chars, flush: false);
        foreach (var c in chars)
        {
            if (c == '\n' || _line.Length >= LongestLine)
            {
                yield return Take();
            }

            if (c != '\n')
            {
                _line.Append(c);
            }
        }
    }

    /// <summary>The last line, if the output ended without a newline.</summary>
    public IEnumerable<string> Rest() => _line.Length > 0 ? [Take()] : [];

    private string Take()
    {
        var line = _line.ToString().TrimEnd('\r');
        _line.Clear();
        return line;
    }
}
