using System.Buffers;

namespace Relay.Text;

/// <summary>Colour sequences (ECMA-48 SGR: <c>ESC [ … m</c>) in decoded text.</summary>
internal static class ColourSequences
{
    private static readonly SearchValues<char> Parameters = SearchValues.Create("0123456789;:");

    /// <summary>Takes them out, in place, so that a word is found whatever its colours.</summary>
    /// <returns>The length that is left.</returns>
    public static int Strip(Span<char> text)
    {
        var from = text.IndexOf('\e');
        if (from < 0)
        {
            return text.Length;
        }

        var to = from;
        while (from < text.Length)
        {
            var sequence = text[from] == '\e' ? LengthAt(text[from..]) : 0;
            if (sequence > 0)
            {
                from += sequence;
            }
            else
            {
                text[to++] = text[from++];
            }
        }

        return to;
    }

    private static int LengthAt(ReadOnlySpan<char> text)
    {
        if (text.Length < 3 || text[1] != '[')
        {
            return 0;
        }

        var parameters = text[2..].IndexOfAnyExcept(Parameters);
        return parameters >= 0 && text[2 + parameters] == 'm' ? parameters + 3 : 0;
    }
}
