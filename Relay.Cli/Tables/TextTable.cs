namespace Relay.Cli.Tables;

/// <summary>A column of a <see cref="TextTable"/>.</summary>
/// <param name="Header">Its name.</param>
/// <param name="IsNumber">Numbers stand to the right.</param>
internal sealed record TextColumn(string Header, bool IsNumber = false);

/// <summary>
/// Rows of text in aligned columns, two blanks between them. Cells of strangers are escaped here. Where there is no room for all, the last column is
/// cut, then columns are left out from the right; the first one, which says what the row is about, is cut last.
/// </summary>
internal sealed class TextTable(params TextColumn[] columns)
{
    private const int Space = 2;
    private const int NarrowestCell = 8;
    private readonly List<string[]> _rows = [[.. columns.Select(column => column.Header)]];

    /// <summary>Adds a row: one cell for each column.</summary>
    public void Add(params IEnumerable<string> cells) => _rows.Add([.. cells.Select(PlainText.Escape)]);

    /// <summary>The lines, header first. With a width none is longer.</summary>
    public IReadOnlyList<string> Lines(int? width = null)
    {
        var widths = Enumerable.Range(0, columns.Length).Select(i => _rows.Max(row => PlainText.Width(row[i]))).ToList();
        if (width is { } limit)
        {
            Narrow(widths, limit);
        }

        return [.. _rows.Select(row => Line(row, widths))];
    }

    private void Narrow(List<int> widths, int limit)
    {
        while (Excess(widths, limit) is > 0 and var excess)
        {
            var last = widths.Count - 1;
            var mayLose = last == 0 ? widths[0] : columns[last].IsNumber ? 0 : widths[last] - NarrowestCell; // A number that is cut is a wrong one.
            if (excess <= mayLose || last == 0)
            {
                widths[last] = Math.Max(0, widths[last] - excess);
                return;
            }

            widths.RemoveAt(last);
        }
    }

    private static int Excess(List<int> widths, int limit) => widths.Sum() + (Space * (widths.Count - 1)) - limit;

    private string Line(string[] row, List<int> widths) => string.Join(new string(' ', Space), widths.Select((width, i) =>
    {
        var cut = PlainText.Cut(row[i], width);
        var padding = new string(' ', width - PlainText.Width(cut));
        return columns[i].IsNumber ? padding + cut : cut + padding;
    })).TrimEnd();
}
