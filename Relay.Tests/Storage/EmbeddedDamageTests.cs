using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary>Promise 7: any flipped bit or truncation on disk is detected, and only the damaged records are lost. Every place of a small log is tried.</summary>
public sealed class EmbeddedDamageTests
{
    private static readonly (OutputType Output, string Text)[] Records =
    [
        (OutputType.Stdout, "first line\n"), (OutputType.Stderr, "a warning\n"), (OutputType.Stdout, "second line, without its end"),
        (OutputType.Stdout, " which comes now\n"), (OutputType.Stderr, "another\n"), (OutputType.Stdout, "last\n"),
    ];

    /// <summary>A first page that was cut before this place has lost its watermark, and with it the knowledge of what had been durable.</summary>
    private const int FirstWatermarkEnd = 1120;

    private static readonly byte[] Stdout = Written(OutputType.Stdout);
    private static readonly byte[] Stderr = Written(OutputType.Stderr);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_log_cut_at_any_byte_keeps_what_stands_before_the_cut_and_goes_on(bool durable)
    {
        using var original = new SmallLog();
        await original.WriteAsync(durable);
        var records = original.Records();

        for (var length = 0; length <= original.Bytes.Length; length++)
        {
            if (length is > 200 and < SegmentHeader.PageSize - 200)
            {
                continue; // The empty rest of the first page.
            }

            await using var copy = original.Copy(original.Bytes[..length]);
            var log = await copy.SessionAsync();
            var before = log.ReadAll();
            var whole = records.Where(record => record.End <= length).ToList();

            before.Data.Select(entry => entry.Sequence).Should().Equal(whole.Where(record => record.IsData).Select(record => record.Sequence), $"the log was cut at {length}");
            Check(before);
            if (durable && length >= FirstWatermarkEnd)
            {
                // Everything had been durable: what is missing is named.
                before.ShouldBeContiguous(OutputType.Stdout).Should().Be(Stdout.Length, $"the log was cut at {length}: {before}");
                before.ShouldBeContiguous(OutputType.Stderr).Should().Be(Stderr.Length);
            }
            else if (!durable)
            {
                before.Gaps.Should().BeEmpty("what was not durable is a torn tail, and the writer sends it again");
            }

            await GoesOn(log, before);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Any_flipped_bit_costs_the_record_it_hits_and_no_other(bool durable)
    {
        using var original = new SmallLog();
        await original.WriteAsync(durable);
        var records = original.Records();

        foreach (var (at, mask) in Flips(original.Bytes.Length))
        {
            var bytes = original.Bytes.ToArray();
            bytes[at] ^= mask;
            await using var copy = original.Copy(bytes);
            var log = await copy.SessionAsync();
            var before = log.ReadAll();
            var survivors = records.Where(record => !record.Holds(at) && (durable || record.End <= at || at < SegmentHeader.PageSize)).Where(record => record.IsData);

            Check(before);
            before.Data.Select(entry => entry.Sequence).Should().Equal(survivors.Select(record => record.Sequence), $"bit {mask:x2} of byte {at} was flipped: {before}");
            if (durable)
            {
                before.ShouldBeContiguous(OutputType.Stdout).Should().Be(Stdout.Length, $"bit {mask:x2} of byte {at} was flipped: {before}");
                before.ShouldBeContiguous(OutputType.Stderr).Should().Be(Stderr.Length);
                before.Gaps.Select(gap => gap.Gap).Should().AllBeEquivalentTo(GapReason.Corrupt);
                if (records.Exists(record => record.Holds(at)))
                {
                    copy.Findings.Should().Contain("copied to", "a copy of the damaged file is kept");
                }
            }

            await GoesOn(log, before);
        }
    }

    /// <summary>A log that was closed in good order is not scanned at the start: its readers must find the damage.</summary>
    [Fact]
    public async Task Any_damaged_byte_of_a_closed_log_is_found_by_its_readers()
    {
        using var original = new SmallLog();
        await original.WriteAsync(durable: true, close: true);
        var records = original.Records();

        for (var at = SegmentHeader.PageSize; at < original.Bytes.Length; at++)
        {
            var bytes = original.Bytes.ToArray();
            bytes[at] ^= 0x10;
            await using var copy = original.Copy(bytes);
            var log = await copy.SessionAsync();
            var back = log.ReadAll();

            Check(back);
            back.Data.Select(entry => entry.Sequence).Should().Equal(records.Where(record => record.IsData && !record.Holds(at)).Select(record => record.Sequence));
            back.ShouldBeContiguous(OutputType.Stdout).Should().Be(Stdout.Length, $"byte {at} was damaged: {back}");
            back.ShouldBeContiguous(OutputType.Stderr).Should().Be(Stderr.Length);
            back.Cursor.Sequence.Should().Be(log.Snapshot().LastSequence, "a reader at the tail knows that it is there");
            foreach (var cursor in Cursors(log))
            {
                var rest = log.ReadAll(new ReadFrom.After(cursor));
                rest.ShouldBeTrueTo(Stdout, OutputType.Stdout, cursor.StdoutOffset);
                rest.ShouldBeContiguous(OutputType.Stdout, cursor.StdoutOffset).Should().Be(Stdout.Length, $"byte {at} was damaged and a reader resumed after {cursor.Sequence}: {rest}");
                rest.ShouldBeContiguous(OutputType.Stderr, cursor.StderrOffset).Should().Be(Stderr.Length);
            }

            await GoesOn(log, back);
        }
    }

    [Fact]
    public async Task A_closed_log_that_was_cut_names_what_is_missing()
    {
        using var original = new SmallLog();
        await original.WriteAsync(durable: true, close: true);

        for (var length = SegmentHeader.PageSize; length < original.Bytes.Length; length++)
        {
            await using var copy = original.Copy(original.Bytes[..length]);
            var log = await copy.SessionAsync();
            var back = log.ReadAll();

            Check(back);
            back.ShouldBeContiguous(OutputType.Stdout).Should().Be(Stdout.Length, $"the log was cut at {length}: {back}");
            back.Cursor.Sequence.Should().Be(log.Snapshot().LastSequence, "a reader at the tail knows that it is there");
            await GoesOn(log, back);
        }
    }

    private static void Check(ReadBack back)
    {
        back.ShouldBeTrueTo(Stdout, OutputType.Stdout);
        back.ShouldBeTrueTo(Stderr, OutputType.Stderr);
        back.Diverged.Should().BeEmpty();
    }

    /// <summary>A writer comes back, and both a reader from the beginning and one that resumes see what it adds behind what was there.</summary>
    private static async Task GoesOn(ISessionLog log, ReadBack before)
    {
        var lease = await log.Lease("another run", attempt: 1);
        var at = lease.Start[0].WrittenTo;
        at.Should().Be(before.ShouldBeContiguous(OutputType.Stdout), "readers and writers agree where the output ends");
        await log.Write(lease, "more", offset: at);

        var resumed = log.ReadAll(new ReadFrom.After(before.Cursor));
        resumed.Text().Should().Be("more");
        resumed.Gaps.Concat(resumed.Diverged).Should().BeEmpty();
        var again = log.ReadAll();
        again.Text().Should().Be(before.Text() + "more");
        again.ShouldBeContiguous(OutputType.Stdout).Should().Be(at + 4);
        again.Gaps.Select(gap => (gap.Output, gap.Offset, gap.Length)).Should().BeEquivalentTo(before.Gaps.Select(gap => (gap.Output, gap.Offset, gap.Length)));
    }

    /// <summary>Places a reader may have stopped at.</summary>
    private static List<ReadCursor> Cursors(ISessionLog log)
    {
        var cursors = new List<ReadCursor>();
        using var reader = log.OpenReader(ReadFrom.Start);
        for (var entries = new List<LogEntry>(); reader.Read(entries, 1);)
        {
            cursors.Add(reader.Cursor);
        }

        return cursors;
    }

    /// <summary>Each bit of every record and of the first page's parts; the empty rest of that page is spared.</summary>
    private static IEnumerable<(int At, byte Mask)> Flips(int length)
    {
        for (var at = 0; at < length; at++)
        {
            var isHead = at < 128 || at is >= 512 and < 640 or >= 1024 and < 1124 or >= 1536 and < 1636;
            for (var bit = 0; bit < 8; bit++)
            {
                if (at >= SegmentHeader.PageSize || (isHead && bit == at % 8))
                {
                    yield return (at, (byte)(1 << bit));
                }
            }
        }
    }

    private static byte[] Written(OutputType output) =>
        [.. Records.Where(record => record.Output == output).SelectMany(record => System.Text.Encoding.UTF8.GetBytes(record.Text))];

    private sealed record RecordPlace(long Sequence, long Begin, long End, bool IsData)
    {
        public bool Holds(long at) => at >= Begin && at < End;
    }

    /// <summary>One small session on a memory disk where there is one: it is opened thousands of times.</summary>
    private sealed class SmallLog : IDisposable
    {
        private const string FastDisk = "/dev/shm";
        private readonly string _root = Directory.Exists(FastDisk)
            ? Directory.CreateDirectory(Path.Combine(FastDisk, $"relay-test-{Guid.NewGuid():N}")).FullName
            : Directory.CreateTempSubdirectory("relay-test-").FullName;

        private readonly FakeTime _time = new();
        private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);
        private string _segment = "";
        private int _copies;

        public byte[] Bytes => _files[_segment];

        public async Task WriteAsync(bool durable, bool close = false)
        {
            var folder = Path.Combine(_root, "original");
            await using var store = new OpenStore(folder, _time);
            var log = await store.Store.NewSession();
            var lease = await log.Lease(attempt: 1);
            foreach (var (output, text) in DamageRecords())
            {
                await log.Write(lease, text, output);
            }

            if (durable)
            {
                await log.MakeDurable();
            }

            if (close)
            {
                await store.DisposeAsync();
            }

            foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(path => !path.EndsWith("relay.lock", StringComparison.Ordinal)))
            {
                using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                var bytes = new byte[file.Length];
                file.ReadExactly(bytes);
                _files[Path.GetRelativePath(folder, path)] = bytes;
            }

            _segment = _files.Keys.Single(name => name.EndsWith(".log", StringComparison.Ordinal));
        }

        /// <summary>Where each record stands in the file.</summary>
        public List<RecordPlace> Records()
        {
            var places = new List<RecordPlace>();
            var salt = SegmentHeader.Read(Bytes)!.Salt;
            for (var at = SegmentHeader.PageSize; at < Bytes.Length;)
            {
                RecordHeader.TryRead(Bytes.AsSpan(at), salt, out var header).Should().BeTrue();
                places.Add(new RecordPlace(header.Sequence, at, at + header.RecordLength, header.Kind == RecordKind.Data));
                at += header.RecordLength;
            }

            places.Count(place => place.IsData).Should().Be(DamageRecords().Length);
            return places;
        }

        /// <summary>A store on a copy of the folder, with other bytes in the segment file.</summary>
        public OpenStore Copy(byte[] segment)
        {
            var folder = Path.Combine(_root, $"{_copies++}");
            foreach (var (name, bytes) in _files)
            {
                var path = Path.Combine(folder, name);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllBytes(path, name == _segment ? segment : bytes);
            }

            return new OpenStore(folder, _time);
        }

        public void Dispose() => Directory.Delete(_root, recursive: true);

        private static (OutputType Output, string Text)[] DamageRecords() => EmbeddedDamageTests.Records;
    }

    private sealed class OpenStore : IAsyncDisposable
    {
        private readonly string _folder;
        private readonly LogLines _lines = new();

        public OpenStore(string folder, FakeTime time)
        {
            _folder = folder;
            Store = StoreOnDisk.Open(new StorageOptions { DataFolder = folder }, time, _lines, new LocalFileSystem());
        }

        public EmbeddedLogStore Store { get; }

        public string Findings => _lines.ToString();

        public Task<ISessionLog> SessionAsync() => Store.Session();

        public async ValueTask DisposeAsync()
        {
            await Store.DisposeAsync();
            if (Path.GetFileName(_folder) != "original")
            {
                Directory.Delete(_folder, recursive: true);
            }
        }
    }
}
