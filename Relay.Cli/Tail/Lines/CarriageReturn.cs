namespace Relay.Cli.Tail.Lines;

/// <summary>What a carriage return leaves of a line on a terminal.</summary>
internal static class CarriageReturn
{
    /// <summary>
    /// The text behind the last carriage return that another text follows. The ones at the end (<c>\r\n</c> is a line end too) overwrite
    /// nothing and are left out.
    /// </summary>
    public static ReadOnlySpan<byte> LastState(ReadOnlySpan<byte> line)
    {
        line = line.TrimEnd((byte)'\r');
        return line[(line.LastIndexOf((byte)'\r') + 1)..];
    }
}
