using System.Net.WebSockets;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Streaming;

/// <summary>A message of a raw WebSocket, finished or not, has a limit; the web server knows none.</summary>
public sealed class MessageSizeTests
{
    private const int Limit = 128 * 1024;

    [Fact]
    public async Task A_message_beyond_the_limit_closes_with_1009_and_what_was_stored_of_it_stays()
    {
        await using var relay = await StartAsync();
        var session = await relay.Api.CreateSession();
        await using var writer = await relay.Api.Writer(session);
        await writer.Send(new byte[Limit]);

        await writer.Send(new byte[Limit + 1]);
        await writer.ReceiveToClose();

        writer.CloseStatus.Should().Be(WebSocketCloseStatus.MessageTooBig);
        writer.CloseReason.Should().StartWith("record_too_large: ").And.Contain($"{Limit}");
        var stored = (await relay.Api.ReadAll(session)).Length;
        stored.Should().BeInRange(Limit, (2 * Limit) + 1);
        await Eventually.True(async () => (await relay.Api.Status(session))!.Outputs["stdout"].State == "closed" || (await relay.Api.Status(session))!.Outputs["stdout"].Writer is null, "the output is free");
    }

    [Fact]
    public async Task A_message_that_never_ends_is_ended_at_the_limit()
    {
        await using var relay = await StartAsync();
        var session = await relay.Api.CreateSession();
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(relay.Api.WebSocketUrl(RelayApi.WritePath(session)), CancellationToken.None);
        var answer = socket.ReceiveAsync(new byte[16].AsMemory(), CancellationToken.None).AsTask();
        var sent = 0L;
        try
        {
            while (!answer.IsCompleted)
            {
                sent.Should().BeLessThan(64 * 1024 * 1024, "the relay ends it");
                await Eventually.Done(socket.SendAsync(new byte[4096].AsMemory(), WebSocketMessageType.Binary, endOfMessage: false, CancellationToken.None).AsTask(), "a frame is taken");
                sent += 4096;
            }
        }
        catch (WebSocketException)
        {
            // Closed under the sender's hands.
        }

        await Eventually.Done(answer, "the close arrives");
        socket.CloseStatus.Should().Be(WebSocketCloseStatus.MessageTooBig);
        (await relay.Api.ReadAll(session)).Length.Should().BeLessThanOrEqualTo(Limit);
    }

    [Fact]
    public async Task A_long_log_in_short_messages_has_no_limit()
    {
        await using var relay = await StartAsync();
        var session = await relay.Api.CreateSession();
        await using var writer = await relay.Api.Writer(session);
        for (var i = 0; i < 20; i++)
        {
            await writer.Send(new byte[Limit]);
        }

        await writer.Close();
        (await relay.Api.ReadAll(session)).Should().HaveCount(20 * Limit);
    }

    [Theory]
    [InlineData(64 * 1024, false)]
    [InlineData((64 * 1024) + 1, true)]
    public async Task A_reader_that_talks_too_much_is_closed_with_1009(int bytes, bool isTooMuch)
    {
        await using var relay = await StartAsync();
        var session = await relay.Api.CreateSession();
        await using var reader = await relay.Api.Reader(session);
        await reader.Send(new byte[bytes]);
        if (!isTooMuch)
        {
            await relay.Api.Append(session, "text"u8.ToArray());
            (await reader.ReceiveBytes(4)).Should().ContainSingle();
            return;
        }

        await reader.ReceiveToClose();
        reader.CloseStatus.Should().Be(WebSocketCloseStatus.MessageTooBig);
        reader.CloseReason.Should().StartWith("record_too_large: ");
    }

    private static Task<RelayHost> StartAsync() => RelayHost.StartAsync(options => options.Settings["Streaming:MaxMessageBytes"] = $"{Limit}");
}
