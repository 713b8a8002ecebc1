using System.Text.Json;
using System.Text.Json.Serialization;
using Relay.Contracts;

namespace Relay.Cli.Verify;

/// <summary>A report for programs: one JSON object.</summary>
internal static class VerifyJson
{
    private static readonly JsonSerializerOptions SnakeCase = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DictionaryKeyPolicy = null,
        Converters = { new JsonStringEnumConverter<GapReason>(JsonNamingPolicy.SnakeCaseLower) },
    };

    public static string Line(VerifyReport report) => JsonSerializer.Serialize(
        new
        {
            SessionId = report.Session,
            Result = report.Finding,
            report.Reading.Status.State,
            report.Reading.Status.ExitCode,
            Outputs = report.Outputs.ToDictionary(output => output.Account.Output.ToName(), Output, StringComparer.Ordinal),
            Against = report.Against is not { } file ? null : new
            {
                File = file.Path,
                Output = file.Output.ToName(),
                Equal = file.FirstDifference is null,
                file.FirstDifference,
            },
        },
        SnakeCase);

    private static object Output(OutputFinding output) => new
    {
        Result = output.Finding,
        Writer = Seen(output.Status.WriterBytes, output.Status.WriterCrc32C, output.Status.WriterOffset),
        Relay = Seen(output.Relay.Bytes, output.Relay.Crc32C, 0),
        Reader = Seen(output.Account.Received, output.Account.Crc32C, 0),
        output.Status.Verdict,
        Gaps = output.Account.Gaps,
        GapCount = output.Account.GapCount,
        output.Remarks,
    };

    private static Dictionary<string, long?>? Seen(long? bytes, uint? crc, long? offset) =>
        bytes is null ? null : new Dictionary<string, long?>(StringComparer.Ordinal) { ["bytes"] = bytes, ["crc32c"] = crc, ["offset"] = offset };
}
