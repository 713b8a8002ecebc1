using System.Globalization;
using System.Text;

namespace Relay.Benchmarks.Reporting;

/// <summary>Rows as a table that a terminal shows as well as a page does.</summary>
internal static class MarkdownTable
{
    private static readonly string[] Head = ["workload", "what", "median", "min–max", "ratio (min–max)", "server CPU", "client CPU", "goal / floor", ""];

    /// <summary>Without the columns in which no row has anything.</summary>
    public static string Of(IEnumerable<Row> rows)
    {
        var all = rows.Where(row => row.Samples.Count > 0).Select(Cells).ToList();
        var columns = Enumerable.Range(0, Head.Length).Where(column => all.Exists(cells => cells[column].Length > 0)).ToList();
        var lines = all.Prepend(Head).Select(cells => columns.Select(column => cells[column]).ToArray()).ToList();
        var widths = Enumerable.Range(0, columns.Count).Select(column => lines.Max(line => line[column].Length)).ToArray();
        var text = new StringBuilder();
        for (var i = 0; i < lines.Count; i++)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", lines[i].Select((cell, column) => cell.PadRight(widths[column])))} |");
            if (i == 0)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"|{string.Join("|", widths.Select(width => new string('-', width + 2)))}|");
            }
        }

        return text.ToString();
    }

    public static string Of(Row row) => string.Join("  ", Cells(row).Where(cell => cell.Length > 0));

    private static string[] Cells(Row row) =>
    [
        row.Workload,
        row.Name,
        $"{Number(Statistics.Median(row.Samples))} {row.Unit}",
        row.Samples.Count < 2 ? "" : $"{Number(row.Samples.Min())}–{Number(row.Samples.Max())}",
        row.Ratios.Count == 0 ? "" : $"{Ratio(row.Judged)} × {row.Against!.Name} ({Ratio(row.Ratios.Min())}–{Ratio(row.Ratios.Max())})",
        Seconds(row.ServerCpuSeconds),
        Seconds(row.ClientCpuSeconds),
        row.Goal is not { } goal ? "" : $"{(goal.AtMost ? "≤" : "≥")} {Bound(row, goal.Target)} / {Bound(row, goal.Floor)}",
        row.Verdict switch { Verdict.Goal => "goal", Verdict.Floor => "floor", Verdict.Below => "**below**", _ => "" },
    ];

    private static string Seconds(List<double> samples) => samples.Count == 0 ? "" : $"{Number(Statistics.Median(samples))} s";

    private static string Bound(Row row, double bound) => double.IsInfinity(bound) ? "none" : row.Against is null ? Number(bound) : Ratio(bound);

    private static string Ratio(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString(
        Math.Abs(value) switch { >= 100 => "#,0", >= 10 => "0.0", >= 1 => "0.00", _ => "0.000" }, CultureInfo.InvariantCulture);
}
