using System.Globalization;
using Relay.Cli.Tables;
using Relay.Text;

namespace Relay.Cli.Verify;

/// <summary>A report for people.</summary>
internal static class VerifyText
{
    private const int ListedGaps = 20;

    public static IEnumerable<string> Lines(VerifyReport report)
    {
        var table = new TextTable(
            new TextColumn("OUTPUT"), new TextColumn("SEEN BY"), new TextColumn("FROM", IsNumber: true), new TextColumn("BYTES", IsNumber: true), new TextColumn("CRC-32C"));
        foreach (var output in report.Outputs)
        {
            var (name, status) = (OutputName(output), output.Status);
            table.Add(name, "writer", Number(status.WriterOffset), Number(status.WriterBytes), Crc(status.WriterCrc32C));
            table.Add(name, "relay", "0", Number(output.Relay.Bytes), Crc(output.Relay.Crc32C));
            table.Add(name, "reader", "0", Number(output.Account.Received), Crc(output.Account.Crc32C));
        }

        var log = Words(report.Outputs.Max(output => output.Finding));
        var file = report.Against?.FirstDifference is null ? "" : ", but the file is not the same";
        return [.. table.Lines(), .. report.Outputs.SelectMany(Sentences), .. Against(report), $"{PlainText.Escape(report.Session)}: {log}{file}; {report.Ending}"];
    }

    private static IEnumerable<string> Sentences(OutputFinding output)
    {
        var name = OutputName(output);
        var account = output.Account;
        foreach (var gap in account.Gaps.Take(ListedGaps))
        {
            yield return gap.Length == 1
                ? $"{name}: byte {Number(gap.Offset)} is missing: {GapWords.Why(gap.Reason)}"
                : $"{name}: bytes {Number(gap.Offset)}–{Number(gap.Offset + gap.Length - 1)} are missing: {GapWords.Why(gap.Reason)}";
        }

        if (account.GapCount > ListedGaps)
        {
            yield return $"{name}: … and {Number(account.GapCount - ListedGaps)} more gaps; --json lists them";
        }

        foreach (var remark in output.Remarks)
        {
            yield return $"{name}: {remark}";
        }

        yield return $"{name}: {Words(output.Finding)}";
    }

    private static IEnumerable<string> Against(VerifyReport report)
    {
        if (report.Against is not { } file)
        {
            return [];
        }

        var (path, name) = (PlainText.Escape(file.Path), Contracts.OutputTypes.ToName(file.Output));
        return [file switch
        {
            { FirstDifference: not { } } => $"{path}: the same as {name}, byte for byte{(report.Outputs.Any(output => output.Account.GapCount > 0) ? ", where nothing is missing" : "")}",
            { FileIsShorter: true } => $"{path}: ends at offset {Number(file.FirstDifference)}, {name} goes on",
            { FileIsLonger: true } => $"{path}: goes on at offset {Number(file.FirstDifference)}, where {name} ends",
            _ => $"{path}: differs from {name}, first at offset {Number(file.FirstDifference)}",
        }];
    }

    private static string Words(Finding finding) => finding switch
    {
        Finding.Verified => "complete",
        Finding.Unchecked => "complete as far as relay and reader know, but not checked against the writer",
        Finding.NotEnded => "right so far",
        Finding.Incomplete => "not complete",
        _ => "not right",
    };

    private static string OutputName(OutputFinding output) => Contracts.OutputTypes.ToName(output.Account.Output);

    private static string Number(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "-";

    private static string Crc(uint? crc) => crc?.ToString("x8", CultureInfo.InvariantCulture) ?? "-";
}
