using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Tests.Storage;
using Relay.Tests.TestKit;

namespace Relay.Tests.Faults;

/// <summary>What a damaged log must still give: which records, and where its outputs end.</summary>
/// <param name="IsLost">Whether a record is lost.</param>
/// <param name="End">Where the log ends; null where the damage took the knowledge of it.</param>
/// <param name="Copied">Whether a copy of the damaged file must be kept.</param>
internal sealed record DamageExpectation(Predicate<ImageRecord> IsLost, LogTally? End, bool Copied);

/// <summary>Opens a log whose target segment was damaged, reads it as clients do, and holds it against what was written. One per thread.</summary>
internal sealed class DamageCheck(LogImage image)
{
    private readonly byte[][] _written = [image.Written.Of(OutputType.Stdout), image.Written.Of(OutputType.Stderr)];
    private readonly FakeTime _time = new();
    private readonly List<LogEntry> _batch = [];
    private readonly long[] _next = new long[2];

    /// <summary>Loads, reads from where a reader stood before the damage, and compares. Throws when anything is wrong.</summary>
    /// <param name="damaged">The target segment.</param>
    /// <param name="expected">What must come of it.</param>
    /// <param name="thorough">Also read from the start, and let a writer go on.</param>
    public Task Run(byte[] damaged, DamageExpectation expected, bool thorough) => Run(image.Paths[image.Target], damaged, expected, thorough);

    public async Task Run(string path, byte[] damaged, DamageExpectation expected, bool thorough)
    {
        var disk = image.Disk(path, damaged);
        var report = new RecoveryLog();
        var log = Load(disk, report) ?? throw Wrong("the session is gone");
        Read(log, image.Cursor, expected);
        if (expected.Copied && !report.Findings.Exists(finding => finding.Contains("copied to", StringComparison.Ordinal)))
        {
            throw Wrong("no copy of the damaged file was kept");
        }

        if (thorough)
        {
            ReadFromStart(log, expected);
            await GoesOn(log, disk);
        }
    }

    private EmbeddedSessionLog? Load(SimulatedDisk disk, RecoveryLog report) =>
        EmbeddedSessionLog.Load(disk.Mount(), LogImage.Folder, LogImage.Quarantine, image.Options, _time, new NoFlushes(), report);

    private void Read(EmbeddedSessionLog log, ReadCursor from, DamageExpectation expected)
    {
        using var reader = log.OpenReader(new ReadFrom.After(from));
        (_next[0], _next[1]) = (from.StdoutOffset, from.StderrOffset);
        using var survivors = image.Records.Where(record => record.IsData && record.Header.Sequence > from.Sequence && !expected.IsLost(record)).GetEnumerator();
        _batch.Clear();
        while (reader.Read(_batch, 64 * 1024))
        {
            foreach (var entry in _batch)
            {
                Take(entry, survivors);
            }

            _batch.Clear();
        }

        if (survivors.MoveNext())
        {
            throw Wrong($"record {survivors.Current.Header.Sequence} is lost");
        }

        foreach (var output in OutputTypes.All)
        {
            var end = expected.End?[output].Length ?? log.Snapshot()[output].Length;
            if (_next[(int)output - 1] != end || log.Snapshot()[output].Length != end)
            {
                throw Wrong($"{output} ends at {log.Snapshot()[output].Length}, for a reader at {_next[(int)output - 1]}, instead of {end}");
            }
        }

        if (reader.Cursor.Sequence != log.Snapshot().LastSequence)
        {
            throw Wrong($"a reader at the tail is at {reader.Cursor.Sequence}, and the log ends at {log.Snapshot().LastSequence}");
        }
    }

    /// <summary>An entry must be the next record that is not lost, or a gap that begins where the output stopped.</summary>
    private void Take(LogEntry entry, IEnumerator<ImageRecord> survivors)
    {
        ref var next = ref _next[(int)entry.Output - 1];
        if (entry.Kind is not (LogEntryKind.Data or LogEntryKind.Gap) || entry.Offset != next)
        {
            throw Wrong($"{entry.Kind} at {entry.Offset} of {entry.Output}, which goes on at {next}");
        }

        if (entry.Kind == LogEntryKind.Gap)
        {
            next += entry.Length;
            return;
        }

        if (!survivors.MoveNext() || survivors.Current.Header is var record && (record.Sequence != entry.Sequence || record.PayloadLength != entry.Data.Length))
        {
            throw Wrong($"record {entry.Sequence} was returned, and {survivors.Current?.Header.Sequence} should come next");
        }

        if (!entry.Data.Span.SequenceEqual(_written[(int)entry.Output - 1].AsSpan((int)next, entry.Data.Length)))
        {
            throw Wrong($"the bytes at {entry.Offset} of {entry.Output} are not those that were written");
        }

        next += entry.Data.Length;
    }

    private void ReadFromStart(EmbeddedSessionLog log, DamageExpectation expected)
    {
        var back = log.ReadAll();
        back.ShouldBeTrueTo(_written[0], OutputType.Stdout);
        back.ShouldBeTrueTo(_written[1], OutputType.Stderr);
        back.Diverged.Should().BeEmpty();
        back.Data.Select(entry => entry.Sequence).Should().Equal(
            image.Records.Where(record => record.IsData && !expected.IsLost(record)).Select(record => record.Header.Sequence));
        foreach (var entry in back.Data.Where((_, i) => i % 7 == 0).ToList())
        {
            // Every reader that stopped somewhere before comes to the same end.
            var cursor = CursorBefore(entry);
            Read(log, cursor, expected);
        }
    }

    private ReadCursor CursorBefore(LogEntry entry)
    {
        var before = image.Records.First(record => record.Header.Sequence == entry.Sequence).Before;
        return new ReadCursor(image.Cursor.Incarnation, 1, before.Sequence, before[OutputType.Stdout].Length, before[OutputType.Stderr].Length);
    }

    /// <summary>A writer comes back; readers from the beginning and readers that resume see what it adds behind what was there, also after a restart.</summary>
    private async Task GoesOn(EmbeddedSessionLog log, SimulatedDisk disk)
    {
        var before = log.ReadAll();
        var lease = await log.Lease("another run", attempt: 1);
        var at = lease.Start[0].WrittenTo;
        at.Should().Be(before.ShouldBeContiguous(OutputType.Stdout), "readers and writers agree where the output ends");
        await log.Write(lease, "more", offset: at);
        ShouldHaveMore(log);
        log.Shutdown();
        ShouldHaveMore(Load(disk, new RecoveryLog())!);

        void ShouldHaveMore(EmbeddedSessionLog now)
        {
            var resumed = now.ReadAll(new ReadFrom.After(before.Cursor));
            resumed.Text().Should().Be("more");
            resumed.Gaps.Concat(resumed.Diverged).Should().BeEmpty();
            var again = now.ReadAll();
            again.Bytes().Should().Equal([.. before.Bytes(), .. "more"u8]);
            again.ShouldBeContiguous(OutputType.Stdout).Should().Be(at + 4);
            again.Gaps.Select(gap => (gap.Output, gap.Offset, gap.Length)).Should().BeEquivalentTo(before.Gaps.Select(gap => (gap.Output, gap.Offset, gap.Length)));
        }
    }

    private static InvalidOperationException Wrong(string what) => new(what);
}
