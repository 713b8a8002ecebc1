using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Relay.Contracts;

/// <summary>Body of <c>POST /logging_session</c>.</summary>
public sealed record CreateSessionBody
{
    /// <summary>The session's id: 1–256 UTF-8 bytes without control characters, <c>/</c> or <c>\</c>; not <c>.</c> or <c>..</c>.</summary>
    [JsonPropertyName("session_id")]
    [Required(AllowEmptyStrings = true, ErrorMessage = "session_id is missing.")]
    public string? SessionId { get; init; }

    /// <summary>Free names and values; at most 32, 64 characters a name, 256 a value.</summary>
    [JsonPropertyName("labels")]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
}

/// <summary>Optional body of <c>PUT /logging_session/{id}</c>.</summary>
public sealed record EnsureSessionBody
{
    /// <summary>Labels for the session if this request creates it; an existing session keeps its own.</summary>
    [JsonPropertyName("labels")]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
}

/// <summary>Answer to creating or deleting a session.</summary>
public sealed record SessionAnswer
{
    /// <summary>Always <c>ok</c>; errors are problem documents.</summary>
    [JsonPropertyName("status")]
    public string Status { get; init; } = "ok";

    /// <summary>The session's id.</summary>
    [JsonPropertyName("session_id")]
    public string SessionId { get; init; } = "";

    /// <summary>What was done, for a person.</summary>
    [JsonPropertyName("message")]
    public string Message { get; init; } = "";

    /// <summary>When the session was created: allows to write to it and to complete it. Shown this once; the relay keeps only its SHA-256.</summary>
    [JsonPropertyName("write_token")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? WriteToken { get; init; }

    /// <summary>When the session was created: allows to read it. Shown this once, as before.</summary>
    [JsonPropertyName("read_token")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ReadToken { get; init; }
}

/// <summary>Answer of <c>POST /tickets</c>.</summary>
public sealed record TicketAnswer
{
    /// <summary>Always <c>ok</c>; errors are problem documents.</summary>
    [JsonPropertyName("status")]
    public string Status { get; init; } = "ok";

    /// <summary>Stands for the caller's token, once: as <c>?ticket=</c> or <c>?access_token=</c>, where no header can be sent.</summary>
    [JsonPropertyName("ticket")]
    public string Ticket { get; init; } = "";

    /// <summary>How long it may be used, in seconds.</summary>
    [JsonPropertyName("expires_in")]
    public int ExpiresIn { get; init; }
}

/// <summary>Answer of <c>GET /logging_session</c>.</summary>
public sealed record SessionList
{
    /// <summary>All sessions that exist, newest first.</summary>
    [JsonPropertyName("sessions")]
    public IReadOnlyList<SessionStatus> Sessions { get; init; } = [];
}

/// <summary>Answer of <c>GET /logging_session/{id}</c>.</summary>
public sealed record SessionStatus
{
    /// <summary>The session's id.</summary>
    [JsonPropertyName("session_id")]
    public string SessionId { get; init; } = "";

    /// <summary><c>live</c> or <c>completed</c>. A session that expired or was deleted is answered with 410.</summary>
    [JsonPropertyName("state")]
    public string State { get; init; } = "";

    /// <summary>When it was created, UTC.</summary>
    [JsonPropertyName("created_at")]
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Last append, connect or delivery, UTC.</summary>
    [JsonPropertyName("last_activity_at")]
    public DateTimeOffset LastActivityAt { get; init; }

    /// <summary>When it expires if nothing more happens, UTC; null while a writer is connected.</summary>
    [JsonPropertyName("expires_at")]
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The labels given at creation.</summary>
    [JsonPropertyName("labels")]
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>By name of output.</summary>
    [JsonPropertyName("outputs")]
    public IReadOnlyDictionary<string, OutputStatus> Outputs { get; init; } = new Dictionary<string, OutputStatus>(StringComparer.Ordinal);

    /// <summary>How many readers are connected now.</summary>
    [JsonPropertyName("readers")]
    public int Readers { get; init; }

    /// <summary>The job's exit code, once it completed with one.</summary>
    [JsonPropertyName("exit_code")]
    public int? ExitCode { get; init; }

    /// <summary>When the completion was stored, UTC; null before, and where an older relay stored it.</summary>
    [JsonPropertyName("completed_at")]
    public DateTimeOffset? CompletedAt { get; init; }
}

/// <summary>One output of a <see cref="SessionStatus"/>.</summary>
public sealed record OutputStatus
{
    /// <summary><c>waiting</c>, <c>open</c>, <c>closed</c> or <c>ended</c>.</summary>
    [JsonPropertyName("state")]
    public string State { get; init; } = "";

    /// <summary>Length in bytes: offset of the next byte.</summary>
    [JsonPropertyName("bytes")]
    public long Bytes { get; init; }

    /// <summary>Count of newline bytes.</summary>
    [JsonPropertyName("lines")]
    public long Lines { get; init; }

    /// <summary>Offset of the oldest byte that is kept; above 0 once retention has removed bytes.</summary>
    [JsonPropertyName("first_offset")]
    public long FirstOffset { get; init; }

    /// <summary>CRC-32C over all bytes that were ever stored, from offset 0, also those that retention has removed since; bytes that a writer
    /// lost count as nothing. <c>null</c> from an older relay.</summary>
    [JsonPropertyName("crc32c")]
    public uint? Crc32C { get; init; }

    /// <summary>Run id of the writer that is connected, if any.</summary>
    [JsonPropertyName("writer")]
    public string? Writer { get; init; }

    /// <summary>Whether the last writer vanished without a word, and none came since.</summary>
    [JsonPropertyName("writer_lost")]
    public bool IsWriterLost { get; init; }

    /// <summary>After completion: <c>verified</c>, <c>incomplete</c>, <c>mismatch</c> or <c>unchecked</c>.</summary>
    [JsonPropertyName("verdict")]
    public string? Verdict { get; init; }

    /// <summary>After completion: how many bytes the run that completed says it wrote here, lost ones included; null if it did not say.</summary>
    [JsonPropertyName("writer_bytes")]
    public long? WriterBytes { get; init; }

    /// <summary>After completion: CRC-32C over the bytes of the run that completed, as it reported it.</summary>
    [JsonPropertyName("writer_crc32c")]
    public uint? WriterCrc32C { get; init; }

    /// <summary>After completion: where the bytes of the run that completed begin, above 0 when earlier runs wrote before it; they reach up to
    /// <see cref="Bytes"/>. <c>null</c> when they do not lie in one piece.</summary>
    [JsonPropertyName("writer_offset")]
    public long? WriterOffset { get; init; }
}
