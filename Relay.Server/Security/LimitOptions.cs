namespace Relay.Server.Security;

/// <summary>How much the relay takes from anybody, configuration section <c>Limits</c>. A limit of one session or one stream stands with its feature.</summary>
internal sealed class LimitOptions
{
    public const string Section = "Limits";

    /// <summary>Most connections at a time; those beyond are closed at once. 0–1,000,000; 0 (default): two thirds of the open files that are allowed.</summary>
    public int MaxConnections { get; set; }

    /// <summary>Most connections at a time from one address, or one IPv6 /64; known proxies are exempt. 0–1,000,000; 0 (default): half of all.</summary>
    public int MaxConnectionsPerAddress { get; set; }

    /// <summary>Most WebSockets at a time, those of the hub among them; beyond, handshakes are answered with 503. 0–1,000,000; 0 (default): half of all connections.</summary>
    public int MaxWebSockets { get; set; }

    /// <summary>Most WebSockets at a time from one address, or one IPv6 /64. 0–1,000,000; 0 (default): half of all WebSockets.</summary>
    public int MaxWebSocketsPerAddress { get; set; }

    /// <summary>Sessions that may be created per second, by one key, and from one address; beyond the burst, 429. 0–1,000,000, default 100; 0: no limit.</summary>
    public int CreatesPerSecond { get; set; } = 100;

    /// <summary>Creations that may come at once. 1–1,000,000, default 1000.</summary>
    public int CreateBurst { get; set; } = 1000;

    /// <summary>WebSocket handshakes, hub negotiations, tickets and followed reads per second, by one key, and from one address; beyond the burst, 429. 0–1,000,000, default 200; 0: no limit.</summary>
    public int ConnectsPerSecond { get; set; } = 200;

    /// <summary>Connects that may come at once. 1–1,000,000, default 1000.</summary>
    public int ConnectBurst { get; set; } = 1000;

    /// <summary>Refused tokens per minute, and at once, from one address; the next ones are answered with 429 instead of 401. Right tokens always pass. 0–1,000,000, default 30; 0: no limit.</summary>
    public int FailedAuthPerMinute { get; set; } = 30;

    /// <summary>Most bytes of a request's headers. 4 KiB–1 MiB, default 32 KiB.</summary>
    public int MaxHeaderBytes { get; set; } = 32 * 1024;

    /// <summary>How long the head of a request may take. 1 s–10 min, default 15 s.</summary>
    public TimeSpan HeaderTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Most bytes of a JSON body. Logs have no such limit. 4 KiB–16 MiB, default 256 KiB.</summary>
    public int MaxDocumentBytes { get; set; } = 256 * 1024;
}
