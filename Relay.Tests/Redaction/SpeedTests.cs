using System.Diagnostics;
using System.Text;
using FluentAssertions;
using Relay.Redaction;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Redaction;

/// <summary>What looking for secrets costs ordinary log text.</summary>
public sealed class SpeedTests(ITestOutputHelper report)
{
    [Fact]
    public void Text_without_secrets_passes_at_the_speed_of_a_disk()
    {
        var lines = new StringBuilder();
        for (var i = 0; lines.Length < 32 * 1024; i++)
        {
            lines.Append(
                $"26/01/31 09:00:{i % 60:00} INFO TaskSetManager: Finished task {i}.0 in stage 1.0 (TID {i}) in 118 ms on 10.0.0.{i % 250} (executor 7) ({i}/2000)\n"
                + $"26/01/31 09:00:{i % 60:00} INFO BlockManagerInfo: Added broadcast_{i}_piece0 in memory on host-{i % 7}:41233 (size: 34.{i % 9} KiB, free: 2.2 GiB)\n"
                + $"26/01/31 09:00:{i % 60:00} INFO HadoopRDD: Input split: hdfs://nn.example.net:8020/warehouse/events/day={i % 31}/part-{i:00000}.parquet:0+134217728\n");
        }

        ReadOnlyMemory<byte> chunk = Encoding.Latin1.GetBytes(lines.ToString(0, 32 * 1024));
        var redactor = new Redactor(MaskedText.BuiltIn, MaskStyle.SameLength, name => throw new InvalidOperationException(name));
        var best = 0d;
        for (var round = 0; round < 80; round++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < 50; i++)
            {
                redactor.Take(chunk);
            }

            best = Math.Max(best, 50 * chunk.Length / 1e6 / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        report.WriteLine($"{best:0} MB/s");
        best.Should().BeGreaterThan(60, "a machine as slow as a fifth of the one it was measured on still keeps up with a job");
    }

    /// <summary>Each begins what a rule follows, at distances that never come again.</summary>
    [Theory]
    [InlineData("fs.azure.account.key.", "a")]
    [InlineData("AIza glpat- xoxb- github_pat_ eyJ ghp_ ya29.", "a")]
    [InlineData("account.name.", "a")]
    public void A_text_that_is_made_to_be_slow_passes(string beginnings, string filler)
    {
        var random = new Random(1);
        var text = new StringBuilder();
        while (text.Length < 1024 * 1024)
        {
            var words = beginnings.Split(' ');
            text.Append(words[random.Next(words.Length)]).Insert(text.Length, filler, random.Next(30));
        }

        ReadOnlyMemory<byte> bytes = Encoding.Latin1.GetBytes(text.ToString());
        var own = RuleDefinition.FromRegex("regex-1", @"account\.name\.[a-z0-9.]{1,100}=");
        var redactor = new Redactor(new RedactionRules([own, .. BuiltInRules.Definitions]), MaskStyle.SameLength, _ => { });
        var start = Stopwatch.GetTimestamp();
        for (var at = 0; at < bytes.Length; at += 32 * 1024)
        {
            redactor.Take(bytes[at..Math.Min(at + (32 * 1024), bytes.Length)]);
        }

        report.WriteLine($"{bytes.Length / 1e6 / Stopwatch.GetElapsedTime(start).TotalSeconds:0.00} MB/s");
    }
}
