using System.Text.Json;
using System.Text.Json.Serialization;
using Relay.Contracts;

namespace Relay.Server.Storage.Embedded;

/// <summary>Payload of a <see cref="RecordKind.Gap"/>.</summary>
internal sealed record GapNote(long Length, GapReason Reason)
{
    public static GapNote Read(ReadOnlySpan<byte> payload) => JsonSerializer.Deserialize(payload, StorageJson.Default.GapNote)!;
}

/// <summary>Payload of a <see cref="RecordKind.Grant"/>. An anonymous run never comes back, so nothing is kept of it once another run follows.</summary>
internal sealed record GrantNote(string RunId, int Attempt, bool Anonymous);

/// <summary>Payload of a <see cref="RecordKind.Complete"/>. Older logs have notes without totals. The time is the record's own; only a manifest has it in the note.</summary>
internal sealed record CompletionNote(
    string RunId, int? ExitCode, Dictionary<OutputType, Verdict> Verdicts, Dictionary<OutputType, ReportedTotal>? Totals = null, long Micros = 0)
{
    public static CompletionNote Of(Completion completion) =>
        new(completion.RunId, completion.ExitCode, completion.Verdicts.ToDictionary(), completion.Totals.ToDictionary(), completion.Micros);

    public Completion ToCompletion() => new(RunId, ExitCode, Verdicts, Totals ?? [], Micros);
}

/// <summary>The control records are few: JSON keeps them readable in a hex dump and open for new fields.</summary>
[JsonSourceGenerationOptions(UseStringEnumConverter = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GapNote))]
[JsonSerializable(typeof(GrantNote))]
[JsonSerializable(typeof(CompletionNote))]
[JsonSerializable(typeof(SessionManifest))]
[JsonSerializable(typeof(TombstoneNote))]
internal sealed partial class StorageJson : JsonSerializerContext;
