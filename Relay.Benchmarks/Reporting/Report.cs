using System.Text.Json;
using System.Text.Json.Serialization;

namespace Relay.Benchmarks.Reporting;

/// <summary>Everything that was measured in one run.</summary>
internal sealed class Report(string machine, string commit, string mode)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, // A goal without a floor.
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public List<Row> Rows { get; } = [];

    public Row Add(Row row)
    {
        Rows.Add(row);
        return row;
    }

    /// <summary>Prints the table, and writes every sample into a file.</summary>
    /// <param name="file">Default: benchmarks.json in the temporary folder.</param>
    public async Task PrintAsync(FileInfo? file)
    {
        var path = file?.FullName ?? Path.Combine(Path.GetTempPath(), "benchmarks.json");
        await File.WriteAllTextAsync(path, ToJson());
        await Console.Out.WriteLineAsync(ToMarkdown());
        await Console.Out.WriteLineAsync($"Every sample: {path}");
    }

    /// <summary>The whole as a table in Markdown.</summary>
    public string ToMarkdown() => $"{MarkdownTable.Of(Rows)}\n{machine}; commit {commit}; {mode}\n";

    public string ToJson() => JsonSerializer.Serialize(
        new
        {
            machine,
            commit,
            mode,
            rows = Rows.Select(row => new
            {
                row.Workload,
                row.Name,
                row.Unit,
                median = Statistics.Median(row.Samples),
                row.Samples,
                against = row.Against?.Name,
                ratio = row.Against is null ? (double?)null : row.Judged,
                row.Ratios,
                row.ServerCpuSeconds,
                row.ClientCpuSeconds,
                row.Goal,
                row.Verdict,
            }),
        },
        Json);
}
