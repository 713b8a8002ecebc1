using System.Diagnostics;
using System.Globalization;
using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Tests.Storage;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Faults;

/// <summary>However much is stored, a start opens what was growing and nothing else. On the real disk.</summary>
[Collection(Alone.Name)]
public sealed class UncleanStartTests(ITestOutputHelper output)
{
    private const int Sessions = 16;
    private const int SegmentBytes = 4 * 1024 * 1024;
    private const int PieceBytes = 256 * 1024;

    // The last one and what was not known to be durable when it began.
    private const int MostScanned = 3;

    [Fact]
    public async Task A_start_after_a_kill_opens_unsealed_segments_only_however_much_is_stored()
    {
        var started = Stopwatch.GetTimestamp();
        var megabytes = FaultRun.Size(256, 10 * 1024);
        using var folder = new TempFolder();
        new DriveInfo(folder.Path).AvailableFreeSpace.Should().BeGreaterThan(2L * megabytes * 1024 * 1024, "the test needs the room");
        var options = new StorageOptions { DataFolder = folder["data"], SegmentBytes = SegmentBytes };
        var half = await Grow(options, megabytes / 2);
        var all = await Grow(options, megabytes - (megabytes / 2));

        foreach (var start in new[] { half, all })
        {
            start.Opened.Should().BeInRange(Sessions, Sessions / 2 * (1 + MostScanned), "a quiet session's last segment is looked at, a busy one's end is scanned");
            start.OpenedIndexes.Should().Be(0);
            start.BytesRead.Should().BeLessThan((Sessions / 2 * MostScanned * (long)SegmentBytes) + (Sessions * 64 * 1024));
        }

        all.Stored.Should().BeGreaterThan(half.Stored + (half.Stored / 2));
        FaultRun.Report(
            output, "unclean start with much stored", $"{megabytes} MiB in {all.Stored} segments of {Sessions} sessions",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{all.Opened} unsealed segments opened, 0 sealed ones; {all.BytesRead / 1024.0 / 1024:0.0} MiB read (half as much stored: {half.Opened}, {half.BytesRead / 1024.0 / 1024:0.0} MiB); ready after {all.Took.TotalSeconds:0.00} s"),
            started);
    }

    /// <summary>Writes more to every session; half of them then fall asleep, the others are killed in the middle of it. Then measures a start.</summary>
    private static async Task<Start> Grow(StorageOptions options, int megabytes)
    {
        var time = new FakeTime();
        var files = new CountingFileSystem(new LocalFileSystem());
        var store = StoreOnDisk.Open(options, time, new LogLines(), files);
        var piece = LogSteps.Noise(PieceBytes, seed: 30);
        var each = megabytes * 1024L * 1024 / Sessions / PieceBytes;
        for (var i = 0; i < Sessions; i++)
        {
            var log = await store.FindAsync($"s{i}", CancellationToken.None) ?? await store.NewSession($"s{i}");
            var lease = await log.Lease($"run-{megabytes}-{log.Snapshot().LastSequence}");
            for (var n = 0L; n < each; n++)
            {
                await log.Write(lease, piece);
            }

            await log.Leave(lease);
            await log.MakeDurable(); // Last: what is not durable does not fall asleep.
        }

        time.Advance(options.IdleAfter);
        await store.MaintainAsync(TimeSpan.FromHours(1), CancellationToken.None);
        for (var i = Sessions / 2; i < Sessions; i++)
        {
            var log = await store.Session($"s{i}");
            await log.Write(await log.Lease($"the last of {megabytes} at {log.Snapshot().LastSequence}"), "and then");
        }

        files.Kill();
        await store.DisposeAsync();
        return await Measure(options, piece);
    }

    private static async Task<Start> Measure(StorageOptions options, byte[] piece)
    {
        var files = new CountingFileSystem(new LocalFileSystem());
        var began = Stopwatch.GetTimestamp();
        await using var store = StoreOnDisk.Open(options, new FakeTime(), new LogLines(), files);
        var took = Stopwatch.GetElapsedTime(began);
        var opened = files.Opened.Keys.Where(path => path.EndsWith(".log", StringComparison.Ordinal)).ToList();
        var stored = Directory.EnumerateFiles(options.DataFolder, "*.log", SearchOption.AllDirectories).ToList();
        var start = new Start(opened.Count, files.Opened.Keys.Count(path => path.EndsWith(".idx", StringComparison.Ordinal)), files.BytesRead, stored.Count, took);
        foreach (var session in stored.GroupBy(path => Path.GetDirectoryName(path)!, StringComparer.Ordinal))
        {
            var last = session.Order(StringComparer.Ordinal).TakeLast(MostScanned).ToList();
            opened.Where(path => session.Contains(path)).Should().BeSubsetOf(last).And.Contain(last[^1]);
        }

        foreach (var id in new[] { "s0", $"s{Sessions - 1}" })
        {
            var log = await store.Session(id);
            using var reader = log.OpenReader(ReadFrom.Start);
            var entries = new List<LogEntry>();
            var at = 0L;
            while (reader.Read(entries, PieceBytes))
            {
                foreach (var entry in entries.Where(entry => entry.Offset < log.Snapshot()[OutputType.Stdout].Length - 1024))
                {
                    entry.Offset.Should().Be(at);
                    at += entry.Data.Length;
                }

                entries.Clear();
            }

            at.Should().BeGreaterThan(piece.Length, "sealed segments are opened when they are read");
        }

        return start;
    }

    private sealed record Start(int Opened, int OpenedIndexes, long BytesRead, int Stored, TimeSpan Took);
}
