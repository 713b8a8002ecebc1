namespace Relay.Cli.Tail.Lines;

/// <summary>Where text may be cut without cutting a character.</summary>
internal static class Utf8Cut
{
    /// <summary>How many bytes at the end begin a UTF-8 sequence (RFC 3629) that is not whole: 0–3.</summary>
    public static int UnfinishedAtEnd(ReadOnlySpan<byte> text)
    {
        for (var back = 1; back <= Math.Min(3, text.Length); back++)
        {
            var b = text[^back];
            if ((b & 0xC0) == 0x80)
            {
                continue;
            }

            var needs = b >= 0xF0 ? 4 : b >= 0xE0 ? 3 : b >= 0xC0 ? 2 : 1;
            return needs > back ? back : 0;
        }

        return 0;
    }
}
