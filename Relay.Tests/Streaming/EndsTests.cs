using System.Net;
using System.Net.WebSockets;
using System.Text;
using FluentAssertions;
using Microsoft.Extensions.Logging;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Streaming;

/// <summary>Every reader and every writer learns the end and its reason, in the form its transport has.</summary>
public sealed class EndsTests
{
    [Theory]
    [InlineData("a deletion", 4410, "session_deleted: ")]
    [InlineData("a stopping server", 1001, "server_stopping: ")]
    public async Task Raw_writers_and_readers_are_closed_with_the_reason_and_followed_bodies_break(string cause, int status, string reason)
    {
        await using var relay = await RelayHost.StartAsync();
        var session = await relay.Api.CreateSession();
        await using var writer = await relay.Api.Writer(session);
        await using var reader = await relay.Api.Reader(session);
        await writer.Send("some");
        await reader.ReceiveBytes(4);
        using var body = await Follow(relay, session);

        var end = cause == "a deletion" ? relay.Http.DeleteAsync(RelayApi.SessionPath(session)) : relay.StopAsync();

        foreach (var socket in new[] { writer, reader })
        {
            await socket.ReceiveToClose();
            socket.CloseStatus.Should().Be((WebSocketCloseStatus)status);
            socket.CloseReason.Should().StartWith(reason);
        }

        await ShouldBreak(body);
        await end;
    }

    [Fact]
    public async Task Stalled_http_readers_neither_hold_up_a_stop_nor_are_they_logged_as_faults()
    {
        var errors = new ErrorLog();
        await using var relay = await RelayHost.StartAsync(options => options.Customize = builder => builder.Logging.AddProvider(errors));
        var session = await relay.Api.CreateSession();
        await relay.Api.Append(session, new byte[16 * 1024 * 1024]);
        var stalled = new List<HttpResponseMessage>();
        for (var i = 0; i < 5; i++)
        {
            stalled.Add(await relay.Http.GetAsync(RelayApi.ReadPath(session, query: "?follow=true"), HttpCompletionOption.ResponseHeadersRead));
        }

        await relay.StopAsync();

        errors.Errors.Should().BeEmpty();
        stalled.ForEach(answer => answer.Dispose());
    }

    [Fact]
    public async Task A_session_that_expires_tells_its_followers_and_afterwards_everyone()
    {
        var time = new FakeTime();
        await using var relay = await RelayHost.StartAsync(options =>
        {
            options.Time = time;
            options.Ttl = TimeSpan.FromMinutes(10);
        });
        var session = await relay.Api.CreateSession();
        await using var reader = await relay.Api.Reader(session);

        // The sweeper ticks every 10 s of the server's clock.
        await Eventually.True(
            async () =>
            {
                time.Advance(TimeSpan.FromMinutes(11));
                return await relay.Api.Status(session) is null;
            },
            "the session expires");

        await reader.ReceiveToClose();
        reader.CloseStatus.Should().Be((WebSocketCloseStatus)4410);
        reader.CloseReason.Should().StartWith("session_expired: ");
        using var later = await relay.Api.Send(HttpMethod.Get, RelayApi.ReadPath(session));
        await Problem.Of(later, HttpStatusCode.Gone, "session_expired");
    }

    [Fact]
    public async Task What_retention_removed_is_a_gap_in_the_form_of_each_transport()
    {
        await using var relay = await RelayHost.StartAsync(options =>
        {
            options.Settings["Storage:SegmentBytes"] = "65536";
            options.Settings["Storage:MaxSessionBytes"] = "150000";
        });
        var session = await relay.Api.CreateSession();
        var block = new byte[20_000];
        Array.Fill(block, (byte)'x');
        for (var i = 0; i < 20; i++)
        {
            await relay.Api.Append(session, block);
        }

        using var whole = await relay.Api.Send(HttpMethod.Get, RelayApi.ReadPath(session));
        var detail = await Problem.Of(whole, HttpStatusCode.Gone, "bytes_missing");
        var from = long.Parse(detail.Detail.Split("?from=")[1].Split(':')[0]);
        (await relay.Api.ReadAll(session, query: $"?from={from}")).Length.Should().Be((int)(400_000 - from), "the answer says where to go on");
        (await relay.Api.ReadAll(session, query: "?tail=1")).Length.Should().BeLessThan(400_000).And.BeGreaterThan(0, "the last lines are what is kept of them");

        await using var socket = await relay.Api.Reader(session);
        await socket.ReceiveToClose();
        socket.CloseStatus.Should().Be((WebSocketCloseStatus)4410);
        socket.CloseReason.Should().StartWith($"bytes_missing: Read on with ?from={from}: bytes 0 to {from - 1} of stdout");

        await using var hub = await HubPeer.ConnectAsync(relay);
        var first = (await hub.ReadAsync(new() { Session = session, Follow = false }))[0];
        first.Should().BeEquivalentTo(new { Kind = Relay.Contracts.LogEntryKind.Gap, Gap = Relay.Contracts.GapReason.Trimmed, Offset = 0L, Length = from });
    }

    private static async Task<Stream> Follow(RelayHost relay, string session)
    {
        var answer = await relay.Http.GetAsync(RelayApi.ReadPath(session, query: "?follow=true"), HttpCompletionOption.ResponseHeadersRead);
        var body = await answer.Content.ReadAsStreamAsync();
        var some = new byte[4];
        await Eventually.Done(body.ReadExactlyAsync(some).AsTask(), "what was written comes first");
        Encoding.UTF8.GetString(some).Should().Be("some");
        return body;
    }

    private static async Task ShouldBreak(Stream body)
    {
        var read = () => Eventually.Done(body.ReadAsync(new byte[1]).AsTask(), "the body ends");
        (await read.Should().ThrowAsync<Exception>("a body that is not whole is never ended as if it were")).Which.Should().NotBeOfType<TimeoutException>();
    }
}
