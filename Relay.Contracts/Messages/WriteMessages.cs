namespace Relay.Contracts;

/// <summary>First argument of <see cref="HubRoutes.Write"/>: who writes, to which outputs of which session.</summary>
public sealed record WriteRequest
{
    /// <summary>Contract version of the writer.</summary>
    public int Version { get; init; } = ContractVersion.Current;

    /// <summary>The session's id, as it was created.</summary>
    public string Session { get; init; } = "";

    /// <summary>Random id of the writing process, 1–64 characters, the same over all its reconnects.</summary>
    public string RunId { get; init; } = "";

    /// <summary>Counts this run's connections from 1. A higher attempt takes the lease from a lower one at once.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>The outputs to lease. Empty means both.</summary>
    public IReadOnlyList<OutputType> Outputs { get; init; } = [];

    /// <summary>On a reconnect: the incarnation of the first grant, so that a session deleted and created anew is not mistaken for the old one. 0 on the first connect.</summary>
    public long Incarnation { get; init; }
}

/// <summary>What a <see cref="WriteItem"/> says.</summary>
public enum WriteItemKind
{
    /// <summary>Not a valid item.</summary>
    None = 0,

    /// <summary>Bytes of one output.</summary>
    Data = 1,

    /// <summary>The writer no longer holds these bytes: a gap takes their place and offsets go on.</summary>
    Gap = 2,

    /// <summary>The run is over: exit code and totals. The last item of an upload.</summary>
    Complete = 3,
}

/// <summary>One item of a writer's upload stream.</summary>
public record WriteItem
{
    /// <summary>What the item says; decides which of the other fields count.</summary>
    public WriteItemKind Kind { get; init; }

    /// <summary>Data and gap: the output.</summary>
    public OutputType Output { get; init; }

    /// <summary>Data and gap: absolute offset of the first byte within the output.</summary>
    public long Offset { get; init; }

    /// <summary>Data: the bytes. At most 1 MiB by the server's default; 48 KiB is a good size: one record.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    /// <summary>Gap: how many bytes are missing.</summary>
    public long Length { get; init; }

    /// <summary>Complete: the job's exit code, if it has one.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Complete: what the run wrote, for the server to compare with what it stored.</summary>
    public IReadOnlyList<OutputTotal> Totals { get; init; } = [];
}

/// <summary>How many bytes of one output, and their checksum.</summary>
/// <param name="Output">The output.</param>
/// <param name="Bytes">Count of bytes, missing ones included.</param>
/// <param name="Crc32C">CRC-32C (RFC 3720, appendix B.4) over the bytes in order.</param>
public readonly record struct OutputTotal(OutputType Output, long Bytes, uint Crc32C);

/// <summary>What a <see cref="WriteAck"/> says.</summary>
public enum WriteAckKind
{
    /// <summary>Not a valid ack.</summary>
    None = 0,

    /// <summary>The lease is granted; always the first item. Says where to begin.</summary>
    Grant = 1,

    /// <summary>How far the outputs are written and durable.</summary>
    Progress = 2,

    /// <summary>The completion is stored and durable; the last item.</summary>
    Completed = 3,
}

/// <summary>One item of the stream that <see cref="HubRoutes.Write"/> returns.</summary>
public sealed record WriteAck
{
    /// <summary>What the ack says.</summary>
    public WriteAckKind Kind { get; init; }

    /// <summary>Per leased output: where it stands.</summary>
    public IReadOnlyList<OutputProgress> Outputs { get; init; } = [];

    /// <summary>Grant: the session's incarnation, to be sent with every later attempt.</summary>
    public long Incarnation { get; init; }

    /// <summary>Grant: the lease's fencing number; grows with every lease of the session.</summary>
    public long FencingNumber { get; init; }

    /// <summary>Grant: the most upload items that may be unacknowledged at a time. More can cost the connection.</summary>
    public int Window { get; init; }
}

/// <summary>Where one output stands for the run that holds its lease.</summary>
public readonly record struct OutputProgress
{
    /// <summary>The output.</summary>
    public OutputType Output { get; init; }

    /// <summary>The output's length: offset of the next byte. Everything below survives a kill of the server.</summary>
    public long WrittenTo { get; init; }

    /// <summary>Everything below survives a power loss. Replay buffers are released here.</summary>
    public long DurableTo { get; init; }

    /// <summary>The offset below which this run must not write.</summary>
    public long Base { get; init; }

    /// <summary>How many of this run's own bytes lie below <see cref="WrittenTo"/>. A run maps its own position to an offset with
    /// <c>offset = WrittenTo + (position − Stored)</c>, at the grant.</summary>
    public long Stored { get; init; }

    /// <summary>Completed: what the comparison of totals said.</summary>
    public Verdict Verdict { get; init; }
}

/// <summary>Outcome of comparing a run's totals with what the server stored.</summary>
public enum Verdict
{
    /// <summary>Nothing was compared: the writer sent no totals for this output.</summary>
    Unchecked = 0,

    /// <summary>Count and checksum agree.</summary>
    Verified = 1,

    /// <summary>The counts agree, but the writer declared bytes lost on the way.</summary>
    Incomplete = 2,

    /// <summary>Count or checksum differ.</summary>
    Mismatch = 3,
}
