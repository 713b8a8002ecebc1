using System.Threading.Channels;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Security;

/// <summary>A hub connection has so many streams at a time.</summary>
public sealed class HubStreamLimitTests
{
    [Fact]
    public async Task Streams_beyond_the_limit_are_refused_and_each_that_ends_makes_room()
    {
        await using var relay = await StartAsync(most: 2);
        var session = await relay.Api.CreateSession();
        await using var peer = await HubPeer.ConnectAsync(relay);
        using var upload = await peer.WriteAsync(new WriteRequest { Session = session, RunId = "run", Attempt = 1 });
        using (var stop = new CancellationTokenSource())
        {
            var reading = Read(peer, session, stop.Token);
            await Eventually.True(async () => (await relay.Api.Status(session))!.Readers == 1, "it reads");
            (await Refusal(peer, session)).Code.Should().Be(RelayErrorCode.LimitReached);
            (await Refusal(peer, session)).Message.Should().Contain("Streaming:MaxStreamsPerConnection");

            await stop.CancelAsync();
            await reading.Awaiting(task => task).Should().ThrowAsync<OperationCanceledException>();
        }

        for (var i = 0; i < 5; i++)
        {
            await Eventually.True(
                async () =>
                {
                    var unknown = await peer.Awaiting(it => it.ReadAsync(new ReadRequest { Session = "no such session" })).Should().ThrowAsync<HubException>();
                    return RelayException.FromWire(unknown.Which.Message).Code == RelayErrorCode.SessionNotFound;
                },
                "a read that was cancelled, or has failed, counts no more");
        }

        upload.Leave();
        (await upload.NextAsync()).Should().BeNull();
        await relay.Api.Append(session, "text"u8.ToArray());
        (await peer.ReadAsync(new ReadRequest { Session = session, Follow = false })).Should().NotBeEmpty("a read that came to its end counts no more");
        (await peer.ReadAsync(new ReadRequest { Session = session, Follow = false })).Should().NotBeEmpty();
    }

    [Fact]
    public async Task An_upload_that_is_refused_does_not_hold_up_the_connection()
    {
        await using var relay = await StartAsync(most: 1);
        var session = await relay.Api.CreateSession();
        await using var peer = await HubPeer.ConnectAsync(relay);
        using var first = await peer.WriteAsync(new WriteRequest { Session = session, RunId = "run", Attempt = 1 });
        var items = Channel.CreateUnbounded<WriteItem>();
        for (var i = 0; i < 1000; i++)
        {
            await items.Writer.WriteAsync(new WriteItem { Kind = WriteItemKind.Data, Output = OutputType.Stdout, Offset = i, Data = "x"u8.ToArray() });
        }

        var second = async () => await peer.Connection.StreamAsync<WriteAck>(HubRoutes.Write, new WriteRequest { Session = session, RunId = "other", Attempt = 1 }, items.Reader)
            .GetAsyncEnumerator().MoveNextAsync();
        RelayException.FromWire((await second.Should().ThrowAsync<HubException>()).Which.Message).Code.Should().Be(RelayErrorCode.LimitReached);

        first.Send(OutputType.Stdout, 0, "text"u8);
        await first.WrittenAsync(OutputType.Stdout, 4);
        items.Writer.Complete();
    }

    [Fact]
    public async Task Each_connection_has_its_own()
    {
        await using var relay = await StartAsync(most: 1);
        var session = await relay.Api.CreateSession();
        await using var one = await HubPeer.ConnectAsync(relay);
        await using var other = await HubPeer.ConnectAsync(relay);
        using var upload = await one.WriteAsync(new WriteRequest { Session = session, RunId = "run", Attempt = 1 });

        (await other.ReadAsync(new ReadRequest { Session = session, Follow = false })).Should().NotBeEmpty();
    }

    private static async Task<RelayException> Refusal(HubPeer peer, string session)
    {
        var refused = await peer.Awaiting(it => it.ReadAsync(new ReadRequest { Session = session })).Should().ThrowAsync<HubException>();
        return RelayException.FromWire(refused.Which.Message);
    }

    private static async Task Read(HubPeer peer, string session, CancellationToken stop)
    {
        await foreach (var _ in peer.Connection.StreamAsync<LogBatch>(HubRoutes.Read, new ReadRequest { Session = session }, stop))
        {
        }
    }

    private static Task<RelayHost> StartAsync(int most) => RelayHost.StartAsync(options => options.Settings["Streaming:MaxStreamsPerConnection"] = $"{most}");
}
