using System.Diagnostics;
using System.Globalization;
using System.Net;
using FluentAssertions;
using Relay.Contracts;
using Relay.Tests.Faults;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Abuse;

/// <summary>Messages and lines without an end: nobody may gather them in memory.</summary>
[Collection(Alone.Name)]
public sealed class UnfinishedTests(ITestOutputHelper output)
{
    private const long Allowed = 32L << 20;
    private const int Piece = 64 * 1024;
    private static readonly long Size = FaultRun.Size(128, 1024) * 1024L * 1024;
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(FaultRun.Size(2, 10));
    private static readonly string[] Settings = ["--Serilog:MinimumLevel:Default", "Warning", "--Streaming:MaxMessageBytes", "2147483648"];

    [Fact]
    public async Task A_WebSocket_message_without_an_end_costs_no_memory()
    {
        var started = Stopwatch.GetTimestamp();
        await using var relay = await MeasuredRelay.StartAsync(Settings);
        var (session, before) = await WarmAsync(relay);
        using var writer = await RawTcp.ConnectWebSocket(relay.BaseAddress, RelayApi.WritePath(session));

        for (long sent = 0; sent < Size; sent += Piece)
        {
            await Eventually.Done(writer.Send(Frame(isFirst: sent == 0)), "a part is taken", Long);
        }

        await Eventually.True(async () => (await relay.Api.Status(session))!.Outputs["stdout"].Bytes >= Size - Piece, "what came is stored", Long);
        await ReportAsync(relay, before, "a WebSocket message without an end", started);
    }

    [Fact]
    public async Task A_line_without_an_end_costs_no_memory()
    {
        var started = Stopwatch.GetTimestamp();
        await using var relay = await MeasuredRelay.StartAsync(Settings);
        var (session, before) = await WarmAsync(relay);
        var reading = Task.Run(() => CountAsync(relay, session));

        using var answer = await relay.Api.Send(HttpMethod.Put, RelayApi.WritePath(session), new EndlessLine(Size), deadline: Long);
        answer.StatusCode.Should().Be(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        using var complete = await relay.Api.Send(HttpMethod.Post, $"{RelayApi.SessionPath(session)}/complete");
        complete.StatusCode.Should().Be(HttpStatusCode.OK, await complete.Content.ReadAsStringAsync());

        (await Eventually.Done(reading, "a reader gets all of it", Long)).Should().Be(Size);
        await ReportAsync(relay, before, "a line without an end", started);
    }

    [Fact]
    public async Task A_hub_message_without_an_end_is_not_waited_for()
    {
        await using var relay = await RelayHost.StartAsync();
        await using var hub = await relay.Api.Connect(HubRoutes.Logs);
        await hub.Send("{\"protocol\":\"messagepack\",\"version\":1}\u001e");
        await hub.Receive();

        // The length says 1 GiB: 4 in the fifth group of seven bits.
        await hub.Send(new byte[] { 0x80, 0x80, 0x80, 0x80, 0x04 });
        var flood = async () =>
        {
            for (long sent = 0; sent < 1L << 30; sent += Piece)
            {
                await hub.Send(new byte[Piece]);
            }
        };

        await Xunit.Record.ExceptionAsync(flood);
        await hub.WaitForEnd();
    }

    /// <summary>What the first bytes cost in code, pools and the hot tail is paid before.</summary>
    private static async Task<(string Session, long Heap)> WarmAsync(MeasuredRelay relay)
    {
        var warm = await relay.Api.CreateSession();
        await relay.Api.Append(warm, new byte[16 << 20]);
        await relay.Api.ReadAll(warm);
        return (await relay.Api.CreateSession(), await relay.HeapAsync());
    }

    private async Task ReportAsync(MeasuredRelay relay, long before, string attack, long started)
    {
        var added = await relay.HeapAsync() - before;
        added.Should().BeLessThan(Allowed, relay.Describe());
        FaultRun.ReportAttack(
            output,
            attack,
            string.Create(CultureInfo.InvariantCulture, $"{Size >> 20} MiB"),
            string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, added) / 1048576.0:0.0} MiB of memory in use more; all of it stored"),
            started);
    }

    /// <summary>A part of a binary message, RFC 6455 §5.2: FIN 0, opcode 2 or 0 (continuation), a length of 64 bits, a mask of zeros.</summary>
    private static byte[] Frame(bool isFirst)
    {
        var frame = new byte[14 + Piece];
        (frame[0], frame[1]) = ((byte)(isFirst ? 0x02 : 0x00), 0x80 | 127);
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(frame.AsSpan(2), Piece);
        frame.AsSpan(14).Fill((byte)'x');
        return frame;
    }

    private static async Task<long> CountAsync(MeasuredRelay relay, string session)
    {
        using var answer = await relay.Api.Http.GetAsync(RelayApi.ReadPath(session, query: "?follow=true"), HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.Content.ReadAsStreamAsync();
        var buffer = new byte[256 * 1024];
        long count = 0;
        for (int read; (read = await body.ReadAsync(buffer)) > 0;)
        {
            count += read;
        }

        return count;
    }

    private sealed class EndlessLine(long length) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var piece = new byte[Piece];
            piece.AsSpan().Fill((byte)'x');
            for (long sent = 0; sent < length; sent += piece.Length)
            {
                await stream.WriteAsync(piece);
            }
        }

        protected override bool TryComputeLength(out long bytes)
        {
            bytes = length;
            return true;
        }
    }
}
