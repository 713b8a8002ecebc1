using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Faults;

/// <summary>A consumer that stops reading, in a process of its own, while a long log is written; then it reads on.</summary>
[Collection(Alone.Name)]
public sealed class StalledConsumerTests(ITestOutputHelper output)
{
    private const long Allowed = 8 * 1024 * 1024;
    private const long Warm = 16 * 1024 * 1024;
    private static readonly long Size = FaultRun.Size(128, 1024) * 1024L * 1024;
    private static readonly long JsonSize = FaultRun.Size(32, 1024) * 1024L * 1024; // Node is slow with it.
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(FaultRun.Size(2, 10));

    [Fact]
    public async Task Relay_tail_whose_output_nobody_reads_keeps_its_memory_and_then_prints_everything()
    {
        var started = Stopwatch.GetTimestamp();
        await using var relay = await RelayHost.StartAsync();
        var session = await relay.Api.CreateSession();
        await using var log = new BigLog(relay.BaseAddress, session);
        using var tail = Start(DotNet.Cli("tail", session, "--url", relay.BaseAddress.AbsoluteUri.TrimEnd('/')));
        try
        {
            await log.WriteAsync(Warm);
            await Eventually.True(async () => (await relay.Api.Status(session))!.Readers == 1, "it reads");
            var before = await Settled(tail.Id);
            await log.WriteAsync(Size - Warm);
            var grown = await Settled(tail.Id) - before;
            grown.Should().BeLessThan(Allowed);

            (await Eventually.Done(log.CompleteAsync(), "the log is complete", Long)).IsVerified.Should().BeTrue();
            var (bytes, crc) = await Eventually.Done(Consume(tail.StandardOutput.BaseStream), "it prints the rest", Long);
            (bytes, crc).Should().Be((log.Bytes, log.Crc32C));
            FaultRun.Report(output, "a consumer stops reading: relay tail", Mebibytes(Size), $"{Mebibytes(grown)} more, then every byte", started);
        }
        finally
        {
            tail.Kill();
        }
    }

    [Theory]
    [InlineData("messagepack")]
    [InlineData("json")]
    public async Task A_page_that_stops_reading_keeps_its_memory_and_then_gets_everything(string protocol)
    {
        var started = Stopwatch.GetTimestamp();
        var size = protocol == "json" ? JsonSize : Size;
        await using var relay = await RelayHost.StartAsync();
        var session = await relay.Api.CreateSession();
        await using var log = new BigLog(relay.BaseAddress, session);
        await log.WriteAsync(Warm);
        string[] arguments = ["stalled-reader-peer.mjs", relay.BaseAddress.ToString().TrimEnd('/'), session];
        await using var page = await NodePeer.StartAsync("--expose-gc", protocol == "json" ? [.. arguments, protocol] : arguments);
        (await page.ReceiveAsync(Long)).Should().Be("stalled");

        var before = await Memory(page);
        await log.WriteAsync(size - Warm);
        var grown = await Memory(page) - before;
        grown.Should().BeLessThan(Allowed);

        (await Eventually.Done(log.CompleteAsync(), "the log is complete", Long)).IsVerified.Should().BeTrue();
        await page.SendAsync("go");
        var line = await page.ReceiveAsync(Long);
        using var seen = JsonDocument.Parse(line!);
        seen.RootElement.GetProperty("bytes").GetInt64().Should().Be(log.Bytes, line);
        seen.RootElement.GetProperty("crc32C").GetUInt32().Should().Be(log.Crc32C, line);
        seen.RootElement.GetProperty("holes").GetInt32().Should().Be(0, line);
        seen.RootElement.GetProperty("end").GetString().Should().Be("completed");
        FaultRun.Report(output, $"a consumer stops reading: JavaScript, {protocol}", Mebibytes(size), $"{Mebibytes(grown)} more, then every byte", started);
    }

    private static async Task<long> Memory(NodePeer page)
    {
        await page.SendAsync("memory");
        return long.Parse((await page.ReceiveAsync(Long))!, CultureInfo.InvariantCulture);
    }

    /// <summary>The memory of a process that has come to rest.</summary>
    private static async Task<long> Settled(int process)
    {
        long last = 0;
        var same = 0;
        await Eventually.True(
            () =>
            {
                var now = ProcessMemory.Resident(process);
                same = now == last ? same + 1 : 0;
                last = now;
                return same >= 10;
            },
            "the process rests",
            Long);
        return last;
    }

    private static async Task<(long Bytes, uint Crc)> Consume(Stream stream)
    {
        var buffer = new byte[256 * 1024];
        var (bytes, crc) = (0L, 0u);
        for (int count; (count = await stream.ReadAsync(buffer)) > 0; bytes += count)
        {
            crc = global::Relay.Contracts.Crc32C.Append(crc, buffer.AsSpan(0, count));
        }

        return (bytes, crc);
    }

    private static Process Start(ChildCommand command) => Process.Start(new ProcessStartInfo(command.FileName, command.Arguments)
    {
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!;

    private static string Mebibytes(long bytes) => (bytes / 1048576.0).ToString("0.0", CultureInfo.InvariantCulture) + " MiB";
}
