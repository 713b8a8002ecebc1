using System.Globalization;
using FluentAssertions;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Streaming;

/// <summary>When a writer hears how far it is. The relay's clock stands still, so what comes does not wait for it.</summary>
public sealed class AckTests
{
    private static readonly TimeSpan AckDelay = TimeSpan.FromMilliseconds(10);

    [Theory]
    [InlineData(64, 8)]
    [InlineData(1024, 8)]
    [InlineData(16, 2)]
    [InlineData(2, 1)]
    public async Task A_small_part_of_the_window_is_acknowledged_at_once(int window, int items)
    {
        await using var relay = await StartAsync(new FakeTime(), window);
        await using var peer = await HubPeer.ConnectAsync(relay);
        using var upload = await WriteAsync(relay, peer);

        for (var round = 1; round <= 3; round++)
        {
            for (var i = 0; i < items; i++)
            {
                upload.Send(OutputType.Stdout, (((round - 1) * items) + i) * 3, "abc"u8);
            }

            await upload.WrittenAsync(OutputType.Stdout, round * items * 3);
        }
    }

    [Fact]
    public async Task Fewer_items_are_acknowledged_a_moment_later()
    {
        var time = new FakeTime();
        await using var relay = await StartAsync(time, window: 64);
        await using var peer = await HubPeer.ConnectAsync(relay);
        using var upload = await WriteAsync(relay, peer);

        for (var offset = 0; offset < 9; offset += 3)
        {
            upload.Send(OutputType.Stdout, offset, "abc"u8);
            await Eventually.True(() => time.IsArmedFor(AckDelay), "an ack is due");
            time.Advance(AckDelay);
            await upload.WrittenAsync(OutputType.Stdout, offset + 3);
        }
    }

    private static Task<RelayHost> StartAsync(FakeTime time, int window) => RelayHost.StartAsync(options =>
    {
        options.Time = time;
        options.Settings["Streaming:WriteWindowItems"] = window.ToString(CultureInfo.InvariantCulture);
    });

    private static async Task<HubUpload> WriteAsync(RelayHost relay, HubPeer peer)
    {
        var session = await relay.Api.CreateSession();
        return await peer.WriteAsync(new WriteRequest { Session = session, RunId = "run" });
    }
}
