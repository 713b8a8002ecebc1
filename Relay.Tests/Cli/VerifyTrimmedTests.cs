using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class VerifyTrimmedTests
{
    [Fact]
    public async Task Bytes_that_retention_removed_are_named_exactly_and_the_status_says_where_the_rest_begins()
    {
        await using var relay = await RelayHost.StartAsync(options =>
        {
            options.Settings["Storage:SegmentBytes"] = "65536";
            options.Settings["Storage:MaxSessionBytes"] = "100000";
        });
        await Eventually.True(
            async () =>
            {
                await Job.Leave(relay, "long", new string('x', 40_000));
                return (await relay.Api.Status("long"))!.Outputs["stdout"].FirstOffset > 0;
            },
            "retention removes a segment");
        await Job.Complete(relay, "long", "end");

        var stdout = (await relay.Api.Status("long"))!.Outputs["stdout"];
        var verify = await InMemoryCli.RunAsync(relay.BaseAddress, "verify", "long");
        verify.ExitCode.Should().Be(106);
        verify.Out.Should().Contain($"stdout: bytes 0–{stdout.FirstOffset - 1} are missing: removed by retention").And.Contain("stderr: complete");
    }
}
