using System.Diagnostics;
using System.Globalization;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR.Protocol;
using Relay.Client;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Faults;

/// <summary>What a relay says to a writer that cannot be true costs the connection, never a byte; and a relay that takes nothing costs little memory.</summary>
[Collection(Alone.Name)]
public sealed class LyingRelayWriterTests(ITestOutputHelper output)
{
    private const int Mebibyte = 1024 * 1024;
    private static readonly OutputProgress Untouched = new() { Output = OutputType.Stdout };

    public static TheoryData<string, string> Lies => new()
    {
        { "acks beyond", "*acknowledged Stdout up to 1000 (durable 1000), beyond what it was sent*" },
        { "acks as durable beyond", "*acknowledged Stdout up to 3 (durable 1000), beyond what it was sent*" },
        { "grants nothing", "*grant does not say once for each output where to go on*" },
        { "grants twice", "*grant does not say once for each output where to go on*" },
        { "grants less than nothing", "*grant says that Stdout has -5 bytes*" },
        { "grants what was never written", "*more of this run than was ever written*" },
        { "completes unasked", "*says that the run is completed; it was not told so*" },
        { "floods acks", "*sent more than it was asked for*" },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task What_cannot_be_true_is_not_believed(string lie, string words)
    {
        await using var relay = await LyingRelay.StartAsync(async hub =>
        {
            await hub.GreetAsync();
            var stream = (await hub.InvokedAsync(HubRoutes.Write)).InvocationId!;
            await TellAsync(hub, stream, lie);
            await hub.SwallowAsync();
        });
        using var client = new RelayClient(relay.Url);
        var told = new TaskCompletionSource<ConnectionChange>();
        await using var writer = client.OpenWriter("s", new WriterOptions
        {
            Outputs = [OutputType.Stdout],
            CloseTimeout = TimeSpan.Zero,
            OnConnectionChange = change => _ = change.State == ConnectionState.Disconnected && told.TrySetResult(change),
        });
        await writer.WriteAsync(OutputType.Stdout, new byte[3]);
        var flush = writer.FlushAsync();

        var change = await Eventually.Done(told.Task, "the writer hangs up");
        change.Reason!.Code.Should().Be(RelayErrorCode.ConnectionLost);
        change.Reason.Message.Should().Match(words);
        await Eventually.True(() => relay.Connections > 1, "it tries again");
        flush.IsCompleted.Should().BeFalse("nothing is durable");
        writer.Progress(OutputType.Stdout).Durable.Should().Be(0);
    }

    [Theory]
    [InlineData("--no-spool")]
    [InlineData("--spool-limit")]
    public async Task A_relay_that_grants_everything_and_acknowledges_nothing_costs_bounded_memory(string store)
    {
        var started = Stopwatch.GetTimestamp();
        var megabytes = FaultRun.Size(128, 1024);
        await using var relay = await LyingRelay.StartAsync(async hub =>
        {
            await hub.GreetAsync();
            var stream = (await hub.InvokedAsync(HubRoutes.Write)).InvocationId!;
            await hub.SendAsync(Ack(stream, WriteAckKind.Grant, Untouched, Untouched with { Output = OutputType.Stderr }));
            await hub.SwallowAsync();
        });
        using var folder = new TempFolder();
        string[] where = store == "--no-spool" ? [store] : ["--spool", folder["spool"], store, "64MiB"];
        await using var writer = ChildProcess.Start(
            DotNet.Writer(["pipe", "--session", "s", "--url", relay.Url.AbsoluteUri.TrimEnd('/'), "--flush-timeout", "1s", .. where]) with { OutputFile = "/dev/null" });
        var line = new string('x', 1023) + "\n";
        var block = string.Concat(Enumerable.Repeat(line, 1024));
        await writer.Write(line);
        await Eventually.True(() => relay.Connections > 0, "it is connected");
        var before = ProcessMemory.Resident(writer.Id);

        for (var i = 0; i < megabytes; i++)
        {
            await Eventually.Done(writer.Write(block), "the writer takes more: it drops the oldest bytes", TimeSpan.FromMinutes(1), writer.Describe);
        }

        var grown = ProcessMemory.Peak(writer.Id) - before;
        // 32 MiB are the buffer's own; the rest is the heap's slack between two collections.
        grown.Should().BeLessThan((store == "--no-spool" ? 128L : 64L) * Mebibyte);
        FaultRun.Report(
            output, $"a relay acknowledges nothing: relay-writer {store}", $"{megabytes} MiB", string.Create(CultureInfo.InvariantCulture, $"at most {grown / Mebibyte} MiB more"), started);
    }

    private static async Task TellAsync(LyingHub hub, string stream, string lie)
    {
        if (lie.StartsWith("grants", StringComparison.Ordinal))
        {
            await hub.SendAsync(Ack(stream, WriteAckKind.Grant, lie switch
            {
                "grants nothing" => [],
                "grants twice" => [Untouched, Untouched],
                "grants less than nothing" => [Untouched with { WrittenTo = -5 }],
                _ => [Untouched with { WrittenTo = 1000, Stored = 1000 }],
            }));
            return;
        }

        await hub.SendAsync(Ack(stream, WriteAckKind.Grant, Untouched));
        switch (lie)
        {
            case "floods acks":
                var many = Enumerable.Repeat(LyingHub.BytesOf(Ack(stream, WriteAckKind.Progress, Untouched)), 10_000).SelectMany(it => it).ToArray();
                await hub.FloodAsync(many, 1024L * Mebibyte);
                break;
            case "completes unasked":
                await hub.SendAsync(Ack(stream, WriteAckKind.Completed, Untouched));
                break;
            default:
                var written = lie == "acks beyond" ? 1000 : 3;
                await hub.NextItemAsync();
                await hub.SendAsync(Ack(stream, WriteAckKind.Progress, Untouched with { WrittenTo = written, DurableTo = 1000 }));
                break;
        }
    }

    private static StreamItemMessage Ack(string stream, WriteAckKind kind, params OutputProgress[] outputs) =>
        new(stream, new WriteAck { Kind = kind, Window = int.MaxValue, Incarnation = 1, Outputs = outputs });
}
