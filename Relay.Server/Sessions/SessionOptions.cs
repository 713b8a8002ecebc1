namespace Relay.Server.Sessions;

/// <summary>Options of sessions, configuration section <c>Sessions</c>; the time to live is also <c>--ttl</c>.</summary>
internal sealed class SessionOptions
{
    public const string Section = "Sessions";

    /// <summary>A session expires this long after its creation or last activity, never while a writer is connected. 1 s–365 d, default 1 h.</summary>
    public TimeSpan Ttl { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How often expiry is checked. 100 ms–1 h, default 10 s.</summary>
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Most sessions at a time. 1–10,000,000, default 100,000.</summary>
    public int MaxSessions { get; set; } = 100_000;

    /// <summary>Most sessions at a time that one admin key, or all callers without a token together, have created. 0 (default): no limit; else up to 10,000,000.</summary>
    public int MaxPerKey { get; set; }
}
