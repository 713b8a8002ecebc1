using FluentAssertions;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.EndToEnd;

/// <summary>A writer that is frozen or cut off from the network says no goodbye.</summary>
[Trait("Category", "EndToEnd")]
public sealed class FrozenWriterTests
{
    [Fact]
    public async Task A_busy_hub_writer_that_froze_does_not_lock_its_successor_out()
    {
        await using var relay = await RelayHost.StartAsync(options =>
        {
            options.Settings["Streaming:KeepAliveInterval"] = "00:00:01";
            options.Settings["Streaming:KeepAliveTimeout"] = "00:00:02";
        });
        await using var busy = CliProcess.Run(relay.BaseAddress, "j", "bash", "-c", "while :; do echo tick; sleep 0.05; done");
        await Eventually.True(async () => (await relay.Api.Status("j"))?.Outputs["stdout"].Bytes > 0, "the writer is at work");

        busy.Send(Signal.Stop);

        await using var successor = await HubPeer.ConnectAsync(relay);
        HubUpload? upload = null;
        await Eventually.True(
            async () =>
            {
                upload = await successor.WriteAsync(new WriteRequest { Session = "j", RunId = "successor" });
                return true;
            },
            "the frozen writer's lease is free once its pings stay unanswered");
        upload!.Grant.Kind.Should().Be(WriteAckKind.Grant);
        upload.Dispose();
    }
}
