using FluentAssertions;
using Xunit;

namespace Relay.Tests.TestKit;

public sealed class NodePeerTests
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_script_answers_line_by_line_until_its_input_ends()
    {
        await using var peer = await NodePeer.StartAsync("codec-peer.mjs", "encode");

        await peer.SendAsync("""{"type":6}""");
        (await peer.ReceiveAsync(TimeLimit)).Should().Be("029106");

        await peer.Invoking(p => p.ReceiveAsync(TimeSpan.FromMilliseconds(1))).Should().ThrowAsync<TimeoutException>();
        (await peer.CompleteAsync(["""{"type":7}""", """{"type":6}"""])).Should().Equal("039207c0", "029106");
    }

    [Fact]
    public async Task A_script_that_fails_says_why()
    {
        var run = () => NodePeer.RunAsync("codec-peer.mjs", ["sing"], [], TimeLimit);

        await run.Should().ThrowAsync<InvalidOperationException>().WithMessage("*exit code 2*usage*");
    }
}
