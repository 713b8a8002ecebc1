extern alias benchmarks;
using System.Text;
using System.Text.Json;
using benchmarks::Relay.Benchmarks.Load;
using benchmarks::Relay.Benchmarks.Reporting;
using FluentAssertions;
using Relay.Contracts;
using Xunit;
using Verdict = benchmarks::Relay.Benchmarks.Reporting.Verdict;

namespace Relay.Tests.Benchmarks;

/// <summary>The benchmarks can be believed: they count right, and what did not arrive whole is no measurement. How fast anything is, no test says.</summary>
public sealed class BenchmarkTests
{
    [Theory]
    [InlineData(new double[] { }, 0.5, 0)]
    [InlineData(new double[] { 7 }, 0.99, 7)]
    [InlineData(new double[] { 3, 1, 2 }, 0.5, 2)]
    [InlineData(new double[] { 4, 1, 3, 2 }, 0.5, 2.5)]
    [InlineData(new double[] { 50, 10, 40, 20, 30 }, 0, 10)]
    [InlineData(new double[] { 50, 10, 40, 20, 30 }, 1, 50)]
    [InlineData(new double[] { 50, 10, 40, 20, 30 }, 0.9, 46)]
    public void A_percentile_lies_in_proportion_between_two_values(double[] values, double part, double expected)
    {
        Statistics.Percentile(values, part).Should().BeApproximately(expected, 1e-9);
    }

    [Theory]
    [InlineData(0.8, 0.6, false, 0.8, Verdict.Goal)]
    [InlineData(0.8, 0.6, false, 0.79, Verdict.Floor)]
    [InlineData(0.8, 0.6, false, 0.59, Verdict.Below)]
    [InlineData(1.2, 1.6, true, 1.2, Verdict.Goal)]
    [InlineData(1.2, 1.6, true, 1.6, Verdict.Floor)]
    [InlineData(1.2, 1.6, true, 1.61, Verdict.Below)]
    [InlineData(1, double.PositiveInfinity, true, 99, Verdict.Floor)]
    [InlineData(double.NegativeInfinity, 1, true, 0, Verdict.Floor)]
    [InlineData(1.2, 1.6, true, double.NaN, Verdict.Below)]
    public void A_goal_judges(double target, double floor, bool atMost, double value, object verdict)
    {
        new Goal(target, floor, atMost).Judge(value).Should().Be((Verdict)verdict);
    }

    [Fact]
    public void The_table_shows_the_median_the_ratio_round_by_round_and_the_verdict()
    {
        var bare = new Row("W1", "bare relay", "MB/s");
        bare.Samples.AddRange([100, 200, 400]);
        var own = new Row("W1", "chunks", "MB/s") { Against = bare, Goal = new Goal(0.8, 0.6) };
        own.Samples.AddRange([90, 140, 200]);
        own.ServerCpuSeconds.AddRange([1.5, 2.5, 3.5]);
        var unmeasured = new Row("W1", "a call per line", "MB/s") { Against = bare, Goal = new Goal(1, 1) };

        var lines = MarkdownTable.Of([bare, own, unmeasured]).TrimEnd('\n').Split('\n');
        var cells = lines[^1].Split('|', StringSplitOptions.TrimEntries)[1..^1];

        lines.Should().HaveCount(4, "head, rule, and a line for each row that was measured").And.OnlyContain(line => line.Length == lines[0].Length);
        cells.Should().Equal("W1", "chunks", "140 MB/s", "90.0–200", "0.70 × bare relay (0.50–0.90)", "2.50 s", "≥ 0.80 / 0.60", "floor");
        unmeasured.Verdict.Should().BeNull();
    }

    [Fact]
    public void A_report_with_a_goal_that_has_no_floor_is_json()
    {
        var report = new Report("a machine", "a commit", "a mode");
        report.Add(new Row("W6", "lag", "×") { Goal = new Goal(1, double.PositiveInfinity, AtMost: true) }).Samples.Add(2);

        using var json = JsonDocument.Parse(report.ToJson());

        json.RootElement.GetProperty("rows")[0].GetProperty("verdict").GetString().Should().Be("floor");
        report.ToMarkdown().Should().Contain("≤ 1.00 / none");
    }

    [Fact]
    public async Task A_receipt_takes_what_was_sent_however_it_is_cut()
    {
        var receipt = new Receipt("one\ntwo\n"u8.ToArray());

        receipt.Take("on"u8);
        receipt.Whole.IsCompleted.Should().BeFalse();
        receipt.Take("e\ntwo\n"u8);

        await receipt.Begun;
        await receipt.Whole;
        receipt.Count.Should().Be(8);
    }

    [Theory]
    [InlineData("two\n", "one\n", "six\n")]
    [InlineData("one\n", "one\n", "two\n")]
    [InlineData("one\n", "two\n", "six\nsix\n")]
    [InlineData("one\n", "six\n", "ten\n")]
    public async Task A_receipt_refuses_what_is_swapped_doubled_or_in_the_place_of_what_is_missing(params string[] pieces)
    {
        var receipt = new Receipt("one\ntwo\nsix\n"u8.ToArray());

        Array.ForEach(pieces, piece => receipt.Take(Encoding.UTF8.GetBytes(piece)));

        await receipt.Awaiting(it => it.Whole).Should().ThrowAsync<InvalidDataException>();
    }

    [Fact]
    public void A_receipt_is_not_whole_while_bytes_are_missing()
    {
        var receipt = new Receipt("one\ntwo\nsix\n"u8.ToArray());

        receipt.Take("one\nsix\n"u8);

        receipt.Whole.IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task A_receipt_of_a_beginning_does_not_mind_what_comes_behind_it()
    {
        var receipt = new PrefixReceipt(4, Crc32C.Append(0, "one\n"u8));

        receipt.Take("on"u8);
        receipt.Take("e\ntwo\n"u8);
        receipt.Take("six\n"u8);

        await receipt.Whole;
        receipt.Count.Should().Be(4);
    }

    [Fact]
    public async Task A_stamped_log_is_checked_as_a_whole_and_timed_line_by_line()
    {
        var log = new StampedLog();
        var sent = Enumerable.Range(0, 5).SelectMany(line => log.Next(line).ToArray()).ToArray();
        var receipt = new StampedReceipt(log, lines: 5, every: 2);

        foreach (var piece in sent.Chunk(77))
        {
            receipt.Take(piece);
        }

        await receipt.Whole;
        receipt.Milliseconds.Should().HaveCount(3);
        receipt.Lag.Should().Be(0);
        sent.Count(b => b == '\n').Should().Be(5);
        StampedLog.StampOf(sent.AsSpan(^StampedLog.LineBytes..)).Should().Be(4);
    }
}
