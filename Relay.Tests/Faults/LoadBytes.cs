using Relay.Contracts;

namespace Relay.Tests.Faults;

/// <summary>What the load of a fault test consists of: each byte follows from its output and offset, so that neither side has to keep any of them.</summary>
internal static class LoadBytes
{
    // A prime, so that the pattern lines up with no record, block or page; what comes round again is changed by the round's number.
    private const int Period = 65_521;

    private static readonly byte[] Pattern = Make();

    public static byte[] At(OutputType output, long offset, int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++)
        {
            bytes[i] = At(output, offset + i);
        }

        return bytes;
    }

    /// <summary>The place of the first byte that is not what it should be; -1 if all are.</summary>
    public static int FirstWrong(OutputType output, long offset, ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            if (bytes[i] != At(output, offset + i))
            {
                return i;
            }
        }

        return -1;
    }

    private static byte At(OutputType output, long offset) => (byte)(Pattern[offset % Period] + (offset / Period * 3) + (int)output);

    private static byte[] Make()
    {
        var pattern = new byte[Period];
        new Random(Period).NextBytes(pattern);
        return pattern;
    }
}
