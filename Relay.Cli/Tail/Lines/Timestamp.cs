namespace Relay.Cli.Tail.Lines;

/// <summary>The relay's times as RFC 3339 text, UTC.</summary>
internal static class Timestamp
{
    public const int MaxLength = 32;

    public const string Milliseconds = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public const string Microseconds = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    private static readonly long LatestMicros = (DateTime.MaxValue - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <param name="micros">Since 1970-01-01T00:00:00Z; what lies before or behind the calendar is shown as its first or last moment.</param>
    /// <returns>The length in ASCII bytes.</returns>
    public static int Format(long micros, string format, Span<byte> to)
    {
        DateTime.UnixEpoch.AddTicks(Math.Clamp(micros, 0, LatestMicros) * TimeSpan.TicksPerMicrosecond).TryFormat(to, out var length, format);
        return length;
    }
}
