using System.Text.Json;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Benchmarks;

/// <summary>The program that measures, as whoever measures starts it.</summary>
public sealed class BenchmarkProgramTests
{
    [Fact]
    public async Task A_run_prints_a_table_and_writes_every_sample()
    {
        using var folder = new TempFolder();
        var file = folder["samples.json"];

        await using var run = await ChildProcess.Run(
            DotNet.Benchmarks("--quick", "--only", "W1", "--rows", "chunks of 32", "--rounds", "1", "--json", file), TimeSpan.FromMinutes(3));

        // 1: a figure is below its floor, which says something of the machine and what else it does, and nothing of the program.
        run.ExitCode.Should().BeOneOf([0, 1], run.Describe());
        run.StdoutText.Should().Contain("| workload |").And.Contain("| W1 ").And.Contain("× bare relay, chunks of 32 KiB").And.Contain(file);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        var measured = json.RootElement.GetProperty("rows").EnumerateArray()
            .Where(row => row.GetProperty("samples").GetArrayLength() > 0)
            .ToDictionary(row => row.GetProperty("name").GetString()!, StringComparer.Ordinal);
        measured.Keys.Should().BeEquivalentTo(
            "bare relay, chunks of 32 KiB", "bare relay that appends to a file, chunks of 32 KiB", "chunks of 32 KiB");
        measured.Values.Should().OnlyContain(row =>
            row.GetProperty("samples").GetArrayLength() == 1 && row.GetProperty("serverCpuSeconds").GetArrayLength() == 1 && row.GetProperty("median").GetDouble() > 0);
        measured["chunks of 32 KiB"].GetProperty("ratios").GetArrayLength().Should().Be(1);
        measured["chunks of 32 KiB"].GetProperty("verdict").GetString().Should().BeOneOf("goal", "floor", "below");
    }

    [Fact]
    public async Task A_workload_that_there_is_not_is_refused()
    {
        await using var run = await ChildProcess.Run(DotNet.Benchmarks("--only", "W1,W99"));

        run.ExitCode.Should().Be(2, run.Describe());
        run.StderrText.Should().Contain("'W99'").And.Contain("W1, W2, W3, W4, W5, W6, W7, W8");
        run.StdoutText.Should().BeEmpty();
    }
}
