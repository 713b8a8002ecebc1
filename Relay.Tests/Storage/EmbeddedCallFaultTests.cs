using System.Collections.Concurrent;
using System.Diagnostics;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Tests.Faults;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Storage;

/// <summary>
/// Every file call of a scripted run fails once, and once together with those that follow it. The run goes on as clients do: what was refused is
/// repeated, a lost lease taken anew, a relay that did not start is started again. Nothing that was acknowledged may be lost, and nothing may need a restart.
/// </summary>
public sealed class EmbeddedCallFaultTests(ITestOutputHelper output)
{
    private static readonly DiskOperation[] Growing = [DiskOperation.Create, DiskOperation.Write, DiskOperation.CreateFolder, DiskOperation.Move, DiskOperation.Sync];

    private static readonly (string Name, DiskFault Fault, DiskOperation[] Operations)[] Faults =
    [
        ("EIO", DiskFault.IoError, Enum.GetValues<DiskOperation>()),
        ("ENOSPC", DiskFault.NoSpace, Growing),
        ("ENOSPC after 1 byte", DiskFault.NoSpace with { Done = 1 }, [DiskOperation.Write]),
        ("ENOSPC after 100 bytes", DiskFault.NoSpace with { Done = 100 }, [DiskOperation.Write]),
        ("EIO after 57 bytes", DiskFault.IoError with { Done = 57 }, [DiskOperation.Write]),
        ("EIO at fsync", DiskFault.IoError, [DiskOperation.Sync, DiskOperation.SyncFolder]),
    ];

    private const int ShownFailures = 20;

    private static readonly int[] Lengths = FaultRun.IsFull ? [1, 2, 3, 7, 20, 60] : [1, 12];

    [Fact]
    public async Task Whatever_file_call_fails_nothing_acknowledged_is_lost_and_writing_resumes_without_a_restart()
    {
        var started = Stopwatch.GetTimestamp();
        var dry = new CallFaults("no fault", null, [], int.MaxValue, 1);
        await Run(dry);
        var cases = Faults.SelectMany(fault => Lengths.SelectMany(length => Enumerable.Range(1, dry.Calls)
            .Where(first => fault.Operations.Contains(dry.Operations[first - 1]))
            .Select(first => (fault, length, first)))).ToList();

        var failures = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(cases, async (c, _) =>
        {
            var faults = new CallFaults(c.fault.Name, c.fault.Fault, c.fault.Operations, c.first, c.length);
            try
            {
                await Run(faults);
            }
            catch (Exception e)
            {
                failures.Add($"{faults}: {e}");
            }
        });

        Assert.True(failures.IsEmpty, $"{failures.Count} of {cases.Count} runs failed:\n{string.Join("\n", failures.Order(StringComparer.Ordinal).Take(ShownFailures))}");
        FaultRun.Report(output, "the N-th file call fails, for every N of a scripted run", $"{dry.Calls} calls, {cases.Count} runs", "0 acknowledged bytes lost", started);
    }

    private static async Task Run(CallFaults faults)
    {
        var options = new StorageOptions { DataFolder = "/data", SegmentBytes = 16 * 1024, MaxSessionBytes = 48 * 1024 };
        await using var relay = new FaultyRelay(faults, options);
        relay.Start();
        var big = await relay.Create("big", 1);
        var small = await relay.Create("small", 3);
        await relay.Check();

        var other = new FaultyWriter(relay, small, "other");
        await other.WriteTo(OutputType.Stdout, 500, 200);
        await other.WriteTo(OutputType.Stderr, 100);
        await other.Flush();
        await relay.Check();

        var writer = new FaultyWriter(relay, big, "run");
        for (var i = 1; i <= 6; i++)
        {
            await writer.WriteTo(OutputType.Stdout, i * 6000, 3000);
            await writer.WriteTo(OutputType.Stderr, i * 1500, 700);
            await relay.Check();
            if (i % 2 == 0)
            {
                await writer.Flush();
                await relay.Check();
            }
            else
            {
                relay.Flusher.Step();
            }

            await Look(relay, "big");
        }

        await writer.Lose(123);
        await (await relay.Log("big")).SaveActivityAsync(relay.Time.GetUtcNow().AddSeconds(1), CancellationToken.None);
        await writer.WriteTo(OutputType.Stdout, 44_000, 5000);
        await writer.Flush();
        await relay.Check();
        await relay.Store.MaintainAsync(TimeSpan.FromHours(1), CancellationToken.None);
        await relay.Check();

        await other.Leave();
        relay.Time.Advance(TimeSpan.FromMinutes(1));
        await relay.Store.MaintainAsync(TimeSpan.FromHours(1), CancellationToken.None);
        await relay.Check();
        await other.WriteTo(OutputType.Stdout, 900, 200);
        await writer.Leave();
        await relay.Check();

        await relay.Create("short", 5);
        using (var reader = (await relay.Log("short")).OpenReader(ReadFrom.Start))
        {
            await relay.Delete("short", EndReason.Deleted);
            await relay.Check();
        }

        var again = await relay.Create("short", 7);
        var second = new FaultyWriter(relay, again, "second");
        await second.WriteTo(OutputType.Stdout, 700, 300);
        await relay.Check();
        await second.Flush();
        await second.Leave();
        await relay.Create("late", 9);
        await relay.Delete("late", EndReason.Expired);
        relay.Time.Advance(TimeSpan.FromHours(2));
        await relay.Store.MaintainAsync(TimeSpan.FromHours(1), CancellationToken.None);
        await relay.Check();

        await relay.Stop();
        await relay.Check();
        relay.Start();
        Disconnected();
        await relay.Check();
        await Look(relay, "big");
        await writer.WriteTo(OutputType.Stdout, 60_000, 4000);
        await writer.Flush();
        await writer.WriteTo(OutputType.Stderr, 12_000, 4000);
        await relay.Check();

        relay.Start(); // Killed.
        Disconnected();
        await relay.Check();
        await Look(relay, "big");
        await writer.WriteTo(OutputType.Stdout, 63_000, 1000);
        await writer.Complete();
        await writer.Flush();
        await other.WriteTo(OutputType.Stdout, 1000, 200);
        await other.Leave();
        await relay.Check();
        await relay.Stop();

        faults.IsPaused = true;
        relay.Start();
        await relay.Check(always: true);
        await relay.Stop();
        relay.ShouldHaveNothingElse();

        void Disconnected()
        {
            writer.Disconnected();
            other.Disconnected();
            second.Disconnected();
        }
    }

    /// <summary>Readers of each kind; while the disk fails they may be refused or told of bytes that cannot be read.</summary>
    private static async Task Look(FaultyRelay relay, string id)
    {
        var log = await relay.Log(id);
        ReadFrom[] froms = [ReadFrom.Start, new ReadFrom.LastLines(3, LogSteps.Both), new ReadFrom.Offset(OutputType.Stdout, log.Snapshot()[OutputType.Stdout].Length / 2), ReadFrom.Start];
        foreach (var from in froms)
        {
            var back = new ReadBack();
            await relay.Insist(() =>
            {
                back = log.ReadAll(from);
                return Task.CompletedTask;
            });
            var cursor = back.Cursor;
            await relay.Insist(() =>
            {
                log.ReadAll(new ReadFrom.After(cursor));
                return Task.CompletedTask;
            });
        }
    }
}
