using System.Text.Json.Serialization;

namespace Relay.Contracts;

/// <summary>Optional body of <c>POST /logging_session/{id}/complete</c>.</summary>
public sealed record CompleteSessionBody
{
    /// <summary>The run that wrote, as in <c>run=</c> of its writes; 1–64 characters. Absent: nobody in particular, and then no output may have a writer.</summary>
    [JsonPropertyName("run")]
    public string? Run { get; init; }

    /// <summary>The job's exit code; null or absent when it is not known.</summary>
    [JsonPropertyName("exit_code")]
    public int? ExitCode { get; init; }

    /// <summary>By name of output: what the run wrote, for the relay to compare with what it stored. Needs <see cref="Run"/>.</summary>
    [JsonPropertyName("totals")]
    public IReadOnlyDictionary<string, CompletionTotal>? Totals { get; init; }
}

/// <summary>What a run wrote to one output.</summary>
public sealed record CompletionTotal
{
    /// <summary>Count of bytes, from 0.</summary>
    [JsonPropertyName("bytes")]
    [JsonRequired]
    public long Bytes { get; init; }

    /// <summary>CRC-32C (RFC 3720, appendix B.4) over the bytes in order; null or absent: only the count is compared.</summary>
    [JsonPropertyName("crc32c")]
    public uint? Crc32C { get; init; }
}

/// <summary>Answer of <c>POST /logging_session/{id}/complete</c>: the completion as it is stored.</summary>
public sealed record CompletionAnswer
{
    /// <summary>Always <c>ok</c>; errors are problem documents.</summary>
    [JsonPropertyName("status")]
    public string Status { get; init; } = "ok";

    /// <summary>The session's id.</summary>
    [JsonPropertyName("session_id")]
    public string SessionId { get; init; } = "";

    /// <summary>The job's exit code: that of the request which completed the session.</summary>
    [JsonPropertyName("exit_code")]
    public int? ExitCode { get; init; }

    /// <summary>By name of output.</summary>
    [JsonPropertyName("outputs")]
    public IReadOnlyDictionary<string, CompletedOutput> Outputs { get; init; } = new Dictionary<string, CompletedOutput>(StringComparer.Ordinal);
}

/// <summary>One output of a <see cref="CompletionAnswer"/>.</summary>
public sealed record CompletedOutput
{
    /// <summary>Length of the output, bytes of earlier runs included.</summary>
    [JsonPropertyName("bytes")]
    public long Bytes { get; init; }

    /// <summary><c>verified</c>, <c>incomplete</c>, <c>mismatch</c> or <c>unchecked</c>.</summary>
    [JsonPropertyName("verdict")]
    public string Verdict { get; init; } = "";
}
