using System.Diagnostics;
using System.Net;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Relay.Client;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Tests.Storage;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Faults;

/// <summary>A relay whose disk is full again and again, with writers and readers attached all the time.</summary>
public sealed class FullDiskRelayTests(ITestOutputHelper output)
{
    [TinyDiskFact]
    public async Task Writers_wait_readers_read_and_everything_acknowledged_is_there_in_the_end()
    {
        var started = Stopwatch.GetTimestamp();
        var cycles = FaultRun.Size(5, 100);
        using var tiny = new TinyDisk();
        tiny.MakeRoom();
        await using var relay = await RelayHost.StartAsync(options =>
        {
            options.Settings["Storage:SegmentBytes"] = "262144";
            options.Settings["Storage:FsyncInterval"] = "00:00:00.050";
            options.Settings["Serilog:MinimumLevel:Default"] = "Fatal";
            options.Customize = builder => builder.Services.PostConfigure<StorageOptions>(storage => storage.DataFolder = Path.Combine(tiny.Path, "data"));
        });
        using var client = new RelayClient(relay.BaseAddress);
        await using var writer = client.OpenWriter("hub", new WriterOptions { Outputs = [OutputType.Stdout] });
        var expected = new MemoryStream();
        var http = await relay.Api.CreateSession();
        var acknowledged = new MemoryStream();
        await Write(0);
        await writer.FlushAsync();
        var following = Follow(client);
        for (var cycle = 1; cycle <= cycles; cycle++)
        {
            var doomed = await relay.Api.CreateSession();
            await relay.Api.Append(doomed, LogSteps.Noise(400_000, cycle));
            await using var ending = client.OpenWriter($"ending-{cycle}", new WriterOptions { Outputs = [OutputType.Stdout] });
            await ending.WriteAsync(OutputType.Stdout, LogSteps.Noise(5000, cycle));
            await ending.FlushAsync();
            tiny.TakeTheRest();

            await Write(cycle);
            var flush = writer.FlushAsync();
            var complete = ending.CompleteAsync(0);
            var piece = LogSteps.Noise(20_000, -cycle);
            using (var refused = await relay.Api.Put(http, "stdout", piece, $"?offset={acknowledged.Length}"))
            {
                await Problem.Of(refused, HttpStatusCode.InsufficientStorage, "storage_full");
            }

            using (var refused = await relay.Api.Send(HttpMethod.Put, RelayApi.SessionPath($"more-{cycle}")))
            {
                await Problem.Of(refused, HttpStatusCode.InsufficientStorage, "storage_full");
            }

            (await relay.Api.ReadAll(http)).AsSpan().SequenceEqual(acknowledged.ToArray()).Should().BeTrue("reading goes on, and nothing that was refused is there");
            flush.IsCompleted.Should().BeFalse("what does not fit is not called durable");

            using (var deleted = await relay.Api.Send(HttpMethod.Delete, RelayApi.SessionPath(doomed)))
            {
                deleted.StatusCode.Should().Be(HttpStatusCode.OK);
            }

            File.Delete(Path.Combine(tiny.Path, "rest"));
            await Eventually.Done(flush, "the hub writer goes on without a restart");
            (await Eventually.Done(complete, "the other one completes")).IsVerified.Should().BeTrue();
            using (var taken = await relay.Api.Put(http, "stdout", piece, $"?offset={acknowledged.Length}"))
            {
                taken.StatusCode.Should().Be(HttpStatusCode.OK, await taken.Content.ReadAsStringAsync());
                acknowledged.Write(piece);
            }
        }

        (await writer.CompleteAsync(0)).IsVerified.Should().BeTrue();
        (await Eventually.Done(following, "the follower comes to the end")).AsSpan().SequenceEqual(expected.ToArray()).Should().BeTrue();
        (await relay.Api.ReadAll("hub")).AsSpan().SequenceEqual(expected.ToArray()).Should().BeTrue();
        (await relay.Api.ReadAll(http)).AsSpan().SequenceEqual(acknowledged.ToArray()).Should().BeTrue();
        FaultRun.Report(output, "full disk", $"{cycles} cycles", $"{expected.Length + acknowledged.Length} bytes acknowledged, all there, verified, no restart", started);

        async Task Write(int cycle)
        {
            var bytes = LogSteps.Noise(50_000, 1000 + cycle);
            expected.Write(bytes);
            await writer.WriteAsync(OutputType.Stdout, bytes);
        }
    }

    private static async Task<byte[]> Follow(RelayClient client)
    {
        var bytes = new MemoryStream();
        await foreach (var entry in client.ReadAsync("hub", new ReadOptions { Outputs = [OutputType.Stdout] }))
        {
            if (entry.Kind == LogEntryKind.Data)
            {
                entry.Offset.Should().Be(bytes.Length);
                bytes.Write(entry.Data.Span);
            }
        }

        return bytes.ToArray();
    }
}
