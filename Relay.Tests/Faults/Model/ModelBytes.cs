using Relay.Contracts;

namespace Relay.Tests.Faults.Model;

/// <summary>What each run writes: a stream per output in which no place looks like another, so that a byte in the wrong place is seen.</summary>
internal static class ModelBytes
{
    public static byte At(int run, OutputType output, long position)
    {
        var hash = (ulong)((run * 4) + (int)output) * 0x9E3779B97F4A7C15 + ((ulong)position * 0xC2B2AE3D27D4EB4F);
        hash ^= hash >> 29;
        hash *= 0xBF58476D1CE4E5B9;
        hash ^= hash >> 32;
        return (hash & 0xF00) == 0 ? (byte)'\n' : (byte)hash;
    }

    public static byte[] Range(int run, OutputType output, long from, long to)
    {
        var bytes = new byte[to - from];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = At(run, output, from + i);
        }

        return bytes;
    }
}
