namespace Relay.Server.Storage;

/// <summary>When bytes are forced to the disk.</summary>
internal enum FsyncPolicy
{
    /// <summary>Every <see cref="StorageOptions.FsyncInterval"/> or <see cref="StorageOptions.FsyncBytes"/>, whichever comes first.</summary>
    Interval,

    /// <summary>As soon as there is something to sync; what arrives meanwhile joins the next one. Acks report durable bytes within one disk latency.</summary>
    Group,

    /// <summary>By the operating system, and by the relay only when a segment is full, a session rests or the relay stops. "Durable" means "written": a power loss can cost acknowledged bytes.</summary>
    Os,
}

/// <summary>What happens at <see cref="StorageOptions.MaxSessionBytes"/> and <see cref="StorageOptions.MaxTotalBytes"/>.</summary>
internal enum WhenFull
{
    /// <summary>The oldest segments are removed; readers behind get a gap.</summary>
    Trim,

    /// <summary>Nothing is removed: what would go beyond is refused, until sessions are deleted or expire.</summary>
    Refuse,
}

/// <summary>Options of the embedded store, configuration section <c>Storage</c>.</summary>
internal sealed class StorageOptions
{
    public const string Section = "Storage";

    /// <summary>Folder of the store. Default: <c>SparkLogRelay</c> in the platform's local application data. One relay at a time may use it.</summary>
    public string DataFolder { get; set; } = "";

    /// <summary>When bytes are forced to the disk. Default <see cref="FsyncPolicy.Interval"/>.</summary>
    public FsyncPolicy Fsync { get; set; } = FsyncPolicy.Interval;

    /// <summary>With <see cref="FsyncPolicy.Interval"/>: longest time that written bytes are not durable. 10 ms–1 min, default 1 s.</summary>
    public TimeSpan FsyncInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>With <see cref="FsyncPolicy.Interval"/>: most bytes of a session that are written and not durable before a sync begins. 64 KiB–1 GiB, default 8 MiB.</summary>
    public long FsyncBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>Size at which a segment file is sealed and the next one begins. 64 KiB–1 GiB, default 64 MiB. Retention removes whole segments.</summary>
    public long SegmentBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Most bytes kept of one session; what happens then, <see cref="WhenFull"/> says. 0: no limit (default).</summary>
    public long MaxSessionBytes { get; set; }

    /// <summary>Most bytes kept in all; of the largest sessions first, where the oldest segments are removed. 0: no limit (default).</summary>
    public long MaxTotalBytes { get; set; }

    /// <summary>Default <see cref="WhenFull.Trim"/>.</summary>
    public WhenFull WhenFull { get; set; } = WhenFull.Trim;

    /// <summary>Most bytes of a session's newest records that stay in memory for readers that keep up. 64 KiB–64 MiB, default 4 MiB.</summary>
    public int HotTailBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Most of that over all sessions; beyond it, each keeps 256 KiB. 0–64 GiB, default 256 MiB.</summary>
    public long HotTotalBytes { get; set; } = 256 * 1024 * 1024;

    /// <summary>After this long without an append a session gives back its memory and file handles. 1 s–1 h, default 30 s.</summary>
    public TimeSpan IdleAfter { get; set; } = TimeSpan.FromSeconds(30);
}
