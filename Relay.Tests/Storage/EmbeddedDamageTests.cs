using System.Diagnostics;
using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Tests.Faults;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Storage;

/// <summary>
/// Promise 7: any flipped bit or truncation on disk is detected, and only the damaged records are lost. Every place of a log is tried: each segment
/// is damaged while it is the last one or the last but one, for those are the ones that a start may have to scan.
/// </summary>
public sealed class EmbeddedDamageTests(ITestOutputHelper output)
{
    private const string Fault = "log file cut at every byte, every bit flipped";

    // Two segments every run, so that damage is also tried at the border of two.
    private static readonly int LogBytes = FaultRun.Size(32 * 1024, 1024 * 1024);
    private static readonly int SegmentBytes = FaultRun.Size(16 * 1024, 32 * 1024);

    /// <summary>One place in so many is also read from the start, and written on: all bits of a record come to the same, so this meets each record.</summary>
    private static readonly int Thorough = FaultRun.Size(211, 1009);

    [Theory]
    [InlineData(ImageKind.Written)]
    [InlineData(ImageKind.HalfDurable)]
    [InlineData(ImageKind.Durable)]
    [InlineData(ImageKind.Closed)]
    public async Task Any_flipped_bit_costs_the_record_it_hits_or_what_was_not_durable_behind_it_and_nothing_else(ImageKind kind)
    {
        var started = Stopwatch.GetTimestamp();
        var flips = 0L;
        foreach (var image in await Images(kind))
        {
            var model = new DamageModel(image);
            await Each(image, image.TargetBytes.Length, at => $"byte {at} flipped", async (check, at, bytes) =>
            {
                var expected = model.Flip(at);
                for (var bit = 0; bit < 8; bit++)
                {
                    bytes[at] ^= (byte)(1 << bit);
                    await check.Run(bytes, expected, thorough: ((at * 8) + bit) % Thorough == 0);
                    bytes[at] ^= (byte)(1 << bit);
                }

                Interlocked.Add(ref flips, 8);
            });
        }

        FaultRun.Report(output, $"{Fault}: {kind}", $"{flips} bits", "0 wrong records, 0 undamaged ones lost", started);
    }

    [Theory]
    [InlineData(ImageKind.Written)]
    [InlineData(ImageKind.HalfDurable)]
    [InlineData(ImageKind.Durable)]
    [InlineData(ImageKind.Closed)]
    public async Task A_log_cut_at_any_byte_keeps_what_stands_before_the_cut_and_names_what_had_been_durable(ImageKind kind)
    {
        var started = Stopwatch.GetTimestamp();
        var cuts = 0L;
        foreach (var image in await Images(kind))
        {
            var model = new DamageModel(image);
            await Each(image, image.TargetBytes.Length + 1, length => $"cut at {length}", async (check, length, _) =>
            {
                await check.Run(image.TargetBytes[..length], model.Cut(length), thorough: length % (Thorough / 8) == 0);
                Interlocked.Increment(ref cuts);
            });
        }

        FaultRun.Report(output, $"{Fault}: {kind}", $"{cuts} cuts", "0 wrong records, 0 undamaged ones lost", started);
    }

    [Theory]
    [InlineData(ImageKind.Durable)]
    [InlineData(ImageKind.Closed)]
    public async Task Any_flipped_bit_of_a_manifest_leaves_the_session_whole(ImageKind kind)
    {
        var image = await LogImage.Make(kind, WritingPlan.Of(40 * 1024), 16 * 1024, target: 1);
        var nothing = new DamageExpectation(_ => false, image.End, Copied: false);
        foreach (var path in image.Names.Where(name => name.EndsWith(".json", StringComparison.Ordinal)))
        {
            await Each(image, image[path].Length, at => $"{path}, byte {at} flipped", async (check, at, _) =>
            {
                for (var bit = 0; bit < 8; bit++)
                {
                    var damaged = image[path].ToArray();
                    damaged[at] ^= (byte)(1 << bit);
                    await check.Run(path, damaged, nothing, thorough: ((at * 8) + bit) % 101 == 0);
                }
            });
        }
    }

    [Fact]
    public async Task Any_flipped_bit_of_an_index_and_any_cut_only_slows_a_search()
    {
        var image = await LogImage.Make(ImageKind.Durable, WritingPlan.Of(300 * 1024), 1024 * 1024, target: 0);
        var path = Path.ChangeExtension(image.Paths[0], ".idx");
        image[path].Length.Should().BeGreaterThan(300, "there are several entries");
        var expected = Searches(image, image[path]);
        await Each(image, image[path].Length, at => $"{path}, byte {at} damaged", (_, at, _) =>
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var damaged = image[path].ToArray();
                damaged[at] ^= (byte)(1 << bit);
                Searches(image, damaged).Should().Be(expected, $"bit {bit} was flipped");
            }

            Searches(image, image[path][..at]).Should().Be(expected, "the index was cut");
            return Task.CompletedTask;
        });
    }

    /// <summary>Without the segment's secret in the checksum, these would be the next records of the log.</summary>
    [Theory]
    [InlineData(ImageKind.Written)]
    [InlineData(ImageKind.Durable)]
    [InlineData(ImageKind.Closed)]
    public async Task Stale_records_of_another_file_behind_the_end_of_a_log_are_not_taken_for_its_own(ImageKind kind)
    {
        var plan = WritingPlan.Of(16 * 1024);
        var image = await LogImage.Make(kind, plan.Until(15), 64 * 1024, target: 0);
        var other = await LogImage.Make(kind, plan, 64 * 1024, target: 0);
        var stale = other.TargetBytes[image.TargetBytes.Length..];
        other.Records.Should().Contain(record => record.Begin == image.TargetBytes.Length, "it goes on just where this log ends");
        byte[] forged = [.. WritingPlan.Record(OutputType.Stdout, image.End.Sequence + 1, image.End[OutputType.Stdout].Length, fencing: 1, salt: 0)];

        foreach (var behind in new[] { stale, forged })
        {
            await new DamageCheck(image).Run([.. image.TargetBytes, .. behind], new DamageExpectation(_ => false, image.End, Copied: false), thorough: true);
        }
    }

    /// <summary>A search for the record behind the damage goes through the payload: what imitates a record there must not be found.</summary>
    [Fact]
    public async Task A_payload_that_imitates_a_record_is_not_taken_for_one_when_its_own_head_is_damaged()
    {
        var image = await LogImage.Make(ImageKind.Durable, WritingPlan.Of(16 * 1024), 64 * 1024, target: 0);
        var model = new DamageModel(image);
        var imitating = image.Records.Where(record => record.IsData && RecordHeader.TryRead(image.TargetBytes.AsSpan((int)record.Begin + RecordHeader.Size), 0, out _)).ToList();
        imitating.Should().NotBeEmpty();
        foreach (var record in imitating)
        {
            var damaged = image.TargetBytes.ToArray();
            damaged[record.Begin + 8] ^= 1;
            await new DamageCheck(image).Run(damaged, model.Flip((int)record.Begin + 8), thorough: true);
        }
    }

    /// <summary>What readers that have to search are given of stdout. From an offset of it they are given any part of the other output.</summary>
    private static string Searches(LogImage image, byte[] index)
    {
        var disk = image.Disk(Path.ChangeExtension(image.Paths[0], ".idx"), index);
        var log = EmbeddedSessionLog.Load(disk.Mount(), LogImage.Folder, LogImage.Quarantine, image.Options, new FakeTime(), new NoFlushes(), new RecoveryLog())!;
        var end = log.Snapshot()[OutputType.Stdout].Length;
        return string.Join('\n', new ReadFrom[]
        {
            new ReadFrom.LastLines(5, LogSteps.Both), new ReadFrom.Offset(OutputType.Stdout, end / 2), new ReadFrom.Offset(OutputType.Stdout, end - 1),
            new ReadFrom.After(image.Cursor with { Sequence = image.End.Sequence - 1, StdoutOffset = end, StderrOffset = image.End[OutputType.Stderr].Length }),
        }.Select(from => log.ReadAll(from).Bytes()).Select(bytes => $"{bytes.Length} {Crc32C.Append(0, bytes)}"));
    }

    private static async Task<List<LogImage>> Images(ImageKind kind)
    {
        var plan = WritingPlan.Of(LogBytes - (LogBytes / SegmentBytes * (SegmentHeader.PageSize + 400))); // Less the first pages, and what does not fit before a border.
        var images = new List<LogImage>();
        for (var segment = 0; ; segment++)
        {
            var image = await LogImage.Make(kind, plan, SegmentBytes, segment);
            images.Add(image);
            if (image.Target == image.Paths.Count - 1)
            {
                return images;
            }
        }
    }

    /// <summary>Tries every place of an image, on all processors.</summary>
    private static Task Each(LogImage image, int count, Func<int, string> place, Func<DamageCheck, int, byte[], Task> attempt) =>
        Parallel.ForEachAsync(Enumerable.Range(0, count).Chunk(64), async (places, _) =>
        {
            var check = new DamageCheck(image);
            var bytes = image.TargetBytes.ToArray();
            foreach (var at in places)
            {
                try
                {
                    await attempt(check, at, bytes);
                }
                catch (Exception e)
                {
                    throw new InvalidOperationException($"{image.Kind}, {image.Paths[image.Target]}, {place(at)}: {e.Message}", e);
                }
            }
        });
}
