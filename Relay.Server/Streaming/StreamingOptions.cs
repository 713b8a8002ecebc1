namespace Relay.Server.Streaming;

/// <summary>Options of the read and write paths, configuration section <c>Streaming</c>.</summary>
internal sealed class StreamingOptions
{
    public const string Section = "Streaming";

    /// <summary>How long readers stay after the last writer left without completing, in case it comes back. 0–1 h, default 5 s.</summary>
    public TimeSpan ReaderGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Most payload in a batch to a reader that is behind, unless a single record has more. A lone record goes out at once. 4 KiB–1 MiB, default 192 KiB: with what
    /// stands around it, it fits a block of <see cref="SocketMemory"/>. Where it would be kept more than once, the most is <see cref="SmallBatchBytes"/>.
    /// </summary>
    public int BatchBytes { get; set; } = 192 * 1024;

    /// <summary>The most payload for readers over raw WebSockets, HTTP, JSON, TLS or a negotiated hub connection: their batches are copied on the way, and a reader that takes nothing keeps them all.</summary>
    public int SmallBatchBytes => Math.Min(BatchBytes, 48 * 1024);

    /// <summary>Most upload items of a hub writer that may be unacknowledged. 2–1024, default 64.</summary>
    public int WriteWindowItems { get; set; } = 64;

    /// <summary>Most bytes one hub item may carry. 64 KiB–16 MiB, default 1 MiB.</summary>
    public int MaxItemBytes { get; set; } = 1024 * 1024;

    /// <summary>Most bytes of one message of a raw WebSocket, finished or not. 64 KiB–16 GiB, default 64 MiB.</summary>
    public long MaxMessageBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Most bytes per second of one writer, whatever its transport; it is slowed down, never refused. 0 (default): no limit; else 1 KiB–1 TiB.</summary>
    public long WriterBytesPerSecond { get; set; }

    /// <summary>Most readers of a session at a time, over all transports. 1–1,000,000, default 1000.</summary>
    public int MaxReadersPerSession { get; set; } = 1000;

    /// <summary>Most streams, reads and writes, of one hub connection at a time. 1–100,000, default 100.</summary>
    public int MaxStreamsPerConnection { get; set; } = 100;

    /// <summary>How often idle connections are pinged. 1 s–1 min, default 10 s.</summary>
    public TimeSpan KeepAliveInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A WebSocket, raw or of the hub, that does not answer a ping within this time is dropped and its lease is free. 1 s–5 min, default 10 s.</summary>
    public TimeSpan KeepAliveTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A hub client that has sent a ping and then nothing for this long is dropped. A busy one sends none; <see cref="KeepAliveTimeout"/> finds it. 2 s–10 min, default 30 s.</summary>
    public TimeSpan ClientTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>A reader whose socket takes nothing for this long is dropped. 1 s–10 min, default 10 s.</summary>
    public TimeSpan SendTimeout { get; set; } = TimeSpan.FromSeconds(10);
}
