using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR.Protocol;
using Relay.Contracts;
using Relay.Contracts.Protocol;
using Relay.Tests.Faults;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Streaming;

/// <summary>A reader that asks and never takes costs little and slows nobody.</summary>
[Collection(Alone.Name)]
public sealed class StuckReaderTests
{
    private const int Readers = 30;
    private const int LogBytes = 32 * 1024 * 1024;

    [Theory]
    [InlineData("hub, JSON")]
    [InlineData("hub, MessagePack")]
    [InlineData("websocket")]
    [InlineData("http")]
    public async Task A_stuck_reader_costs_at_most_300_KiB_and_the_others_get_everything(string kind)
    {
        // Long enough for all to be stuck at once; that they are dropped is another matter.
        await using var relay = await MeasuredRelay.StartAsync("--Streaming:SendTimeout", "00:05:00");
        var session = await relay.Api.CreateSession();
        await relay.Api.Append(session, new byte[LogBytes]);
        var before = await relay.HeapAsync();

        var stuck = new List<IDisposable>();
        for (var i = 0; i < Readers; i++)
        {
            stuck.Add(await Stick(relay.Api, session, kind));
        }

        (await relay.Api.ReadAll(session)).Length.Should().Be(LogBytes, "a reader beside them is not held up");
        await Eventually.True(async () => (await relay.Api.Status(session))!.Readers == Readers, "all of them are reading");
        var each = (await relay.HeapAsync() - before) / Readers;

        each.Should().BeLessThan(300 * 1024);
        stuck.ForEach(reader => reader.Dispose());
    }

    /// <summary>While a batch did not fit, each of a fast reader's waited for it in between: the hub makes the next one when the socket has taken the last.</summary>
    [Fact]
    public async Task The_kernel_takes_a_large_batch_whole_and_not_much_more()
    {
        await using var relay = await MeasuredRelay.StartAsync();
        var session = await relay.Api.CreateSession();
        await relay.Api.Append(session, new byte[LogBytes]);

        using var stuck = await Stick(relay.Api, session, "hub, MessagePack");

        var (before, now) = (0L, 0L);
        await Eventually.True(
            () =>
            {
                (before, now) = (now, WaitingToBeSent(relay.BaseAddress.Port));
                return now > 192 * 1024 && now == before;
            },
            "a batch waits in the kernel, and no more comes",
            describe: () => $"{now} bytes wait");
        now.Should().BeLessThan(600 * 1024);
    }

    /// <summary>Bytes that the kernel has of the connections of a port of this machine, and the peers have not.</summary>
    private static long WaitingToBeSent(int port) => File.ReadLines("/proc/net/tcp")
        .Skip(1)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Where(fields => fields[1].EndsWith(string.Create(CultureInfo.InvariantCulture, $":{port:X4}"), StringComparison.Ordinal))
        .Sum(fields => long.Parse(fields[4].Split(':')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture));

    private static async Task<IDisposable> Stick(RelayApi relay, string session, string kind)
    {
        if (kind == "http")
        {
            return await relay.Http.GetAsync(RelayApi.ReadPath(session, query: "?follow=true"), HttpCompletionOption.ResponseHeadersRead);
        }

        var socket = new ClientWebSocket();
        var path = kind.StartsWith("hub", StringComparison.Ordinal) ? "/hubs/logs" : RelayApi.ReadPath(session, query: "?format=binary");
        await socket.ConnectAsync(relay.WebSocketUrl(path), CancellationToken.None);
        switch (kind)
        {
            case "hub, JSON":
                await Say(socket, """{"protocol":"json","version":1}""");
                await Say(socket, $$"""{"type":4,"invocationId":"1","target":"Read","arguments":[{"session":"{{session}}"}]}""");
                break;
            case "hub, MessagePack":
                await Say(socket, """{"protocol":"messagepack","version":1}""");
                var call = new StreamInvocationMessage("1", HubRoutes.Read, [new ReadRequest { Session = session }]);
                await socket.SendAsync(new MessagePackHubProtocol().GetMessageBytes(call), WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
                break;
        }

        return socket;
    }

    private static Task Say(ClientWebSocket socket, string message) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(message + '\x1e'), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
}
