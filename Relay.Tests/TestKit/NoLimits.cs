namespace Relay.Tests.TestKit;

/// <summary>
/// Tests come from one address, as often and as many as they like. A test of a limit sets it, which goes before this.
/// </summary>
internal static class NoLimits
{
    public static IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["Limits:CreatesPerSecond"] = "0",
        ["Limits:ConnectsPerSecond"] = "0",
        ["Limits:FailedAuthPerMinute"] = "0",
        ["Limits:MaxConnectionsPerAddress"] = "1000000",
        ["Limits:MaxWebSocketsPerAddress"] = "1000000",
    };

    /// <summary>As a command line; what follows it wins.</summary>
    public static IEnumerable<string> Arguments => Settings.SelectMany(setting => new[] { $"--{setting.Key}", setting.Value });
}
