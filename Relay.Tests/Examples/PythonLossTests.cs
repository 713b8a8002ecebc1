using System.Text;
using FluentAssertions;
using Relay.Tests.EndToEnd;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Examples;

/// <summary>The relay dies and comes back under both Python programs.</summary>
[Trait("Category", "EndToEnd")]
public sealed class PythonLossTests
{
    [Fact]
    public async Task Kills_of_the_relay_lose_nothing_and_double_nothing()
    {
        await using var server = await RelayServerProcess.StartAsync();
        using var job = new NumberedJob();
        await using var reader = PythonExample.Reader("j", server.BaseAddress, "--wait");
        await using var writer = PythonExample.Writer("j", server.BaseAddress, job.Command);

        for (var i = 1; i <= 3; i++)
        {
            await reader.Printed(reader.StdoutLength + 2_000, $"the reader goes on before kill {i}");
            await server.KillHard();
            await server.Start();
        }

        await reader.Printed(reader.StdoutLength + 2_000, "the reader goes on after the last kill");
        job.End();
        await writer.WaitForExit();
        await reader.WaitForExit();

        writer.ShouldHavePrinted(job.Stdout, job.Stderr, NumberedJob.ExitCode, "the writer");
        reader.ShouldHavePrinted(job.Stdout, job.Stderr, NumberedJob.ExitCode, "the reader");
    }

    [Fact]
    public async Task What_did_not_fit_while_the_relay_was_away_is_named_in_the_log()
    {
        const int Limit = 200_000;
        await using var server = await RelayServerProcess.StartAsync();
        await using var job = PythonExample.Job("steps", "j", server.BaseAddress, $"{Limit}");
        await job.WriteLine("1");
        await Eventually.True(async () => (await server.Api.Status("j"))?.Outputs["stdout"].Bytes > 0, "the first line is there", describe: job.Describe);

        await server.KillHard();
        await job.WriteLine("50000");
        await job.Until(() => job.StderrText.Contains("step 1\n", StringComparison.Ordinal), "the job printed without the relay");
        await server.Start();
        await Eventually.True(async () => (await server.Api.Status("j"))?.Outputs["stderr"].Bytes == 14, "the writer is back", describe: job.Describe);
        await job.WriteLine("1");
        job.CloseInput();
        await job.WaitForExit();

        job.ExitCode.Should().Be(0, job.Describe());
        job.StdoutText.Count(c => c == '\n').Should().Be(50_002, "the job's own stdout is whole");
        var log = Encoding.UTF8.GetString(await server.Api.ReadAll("j"));
        var notice = log.Split('\n').Single(line => line.StartsWith("[relay_writer: ", StringComparison.Ordinal));
        notice.Should().EndWith($" bytes of stdout were dropped here: the relay was away and the buffer of {Limit} bytes was full]");
        var dropped = int.Parse(notice.Split(' ')[1]);
        log.Should().Be($"step 0, line 0\n\n{notice}\n{job.StdoutText[(15 + dropped)..]}", "the notice says exactly what is missing");
        (await server.Api.Status("j")).Should().BeEquivalentTo(new { State = "completed", ExitCode = 0 });
    }
}
