using System.Text.Json;
using System.Text.Json.Serialization;
using Relay.Contracts;

namespace Relay.Client.Spooling;

/// <summary>
/// What a spool is of: the file <c>spool.json</c>, written once. It names everything that delivering needs, so that a spool can be carried
/// to another machine.
/// </summary>
internal sealed record SpoolDescription
{
    private const string FileName = "spool.json";
    private const int CurrentFormat = 1;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter<OutputType>(JsonNamingPolicy.CamelCase) },
    };

    public int Format { get; init; } = CurrentFormat;

    public required string Session { get; init; }

    public required string RunId { get; init; }

    public required Uri Url { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public IReadOnlyList<OutputType> Outputs { get; init; } = [];

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    public bool KeepWhenDrained { get; init; }

    public bool ReplaceSession { get; init; }

    public static bool IsIn(string folder) => File.Exists(Path.Combine(folder, FileName));

    /// <exception cref="InvalidDataException">The file is not a description of a format that is known.</exception>
    public static SpoolDescription Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            var description = JsonSerializer.Deserialize<SpoolDescription>(File.ReadAllBytes(path), Json);
            return description switch
            {
                null => throw new InvalidDataException($"{path} is not a spool's description: it is null."),
                { Format: not CurrentFormat } => throw new InvalidDataException(
                    $"{path} has format {description.Format}; this program knows {CurrentFormat}. Use the version that wrote it."),
                _ => description.Problem() is { } problem ? throw new InvalidDataException($"{path} is not a spool's description: {problem}") : description,
            };
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} is not a spool's description, or was damaged (line {e.LineNumber + 1}).", e);
        }
    }

    private string? Problem() =>
        !SessionIds.IsValid(Session, out var problem) ? problem
        : !Url.IsAbsoluteUri || Url.Scheme is not ("http" or "https") ? $"url must be an http or https address; it is '{Url}'."
        : RunId is not { Length: > 0 and <= 64 } ? "runId must have 1–64 characters."
        : Outputs is null || Outputs.Except(OutputTypes.All).Any() ? "outputs must be stdout and stderr."
        : null;

    public static void Delete(string folder)
    {
        try
        {
            File.Delete(Path.Combine(folder, FileName));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Then the spool is found again, and the relay says that it has all of it.
        }
    }

    /// <summary>Replaces the file as a whole: a process that dies here leaves the old one, or none.</summary>
    public void Write(string folder)
    {
        var path = Path.Combine(folder, FileName);
        File.WriteAllBytes(path + ".new", JsonSerializer.SerializeToUtf8Bytes(this, Json));
        File.Move(path + ".new", path, overwrite: true);
    }
}
