using System.Globalization;
using System.Reflection;
using System.Text;
using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Lines;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Tests.Faults;
using Relay.Tests.Storage;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Lines;

public sealed class LogTextTests
{
    private const int SegmentBytes = 128 * 1024;

    /// <summary>No piece is longer than what one batch and the two lines that it ends may have.</summary>
    private const int LargestPiece = 256 * 1024;

    private static readonly OutputType[][] Views = [[OutputType.Stdout, OutputType.Stderr], [OutputType.Stdout], [OutputType.Stderr]];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task It_has_every_line_that_was_written_in_the_order_of_the_log(int seed)
    {
        var (disk, log) = await StoreOnDisk.WithSession(options => options.SegmentBytes = SegmentBytes);
        await using var _ = disk;
        var written = new WrittenLines(log, await log.Lease(), disk.Time);
        await written.WriteAtRandom(new Random(seed), 1500);

        foreach (var outputs in Views)
        {
            TextOf(log, outputs).ShouldBeExactly(Plain(written, outputs), $"{string.Join('+', outputs)}, seed {seed}");
            TextOf(log, outputs, withTimes: true).ShouldBeExactly(WithTimes(written, outputs), $"{string.Join('+', outputs)} with times, seed {seed}");
        }
    }

    [Fact]
    public async Task Of_one_output_it_is_that_output_byte_for_byte_whatever_bytes_it_has()
    {
        var (disk, log) = await StoreOnDisk.WithSession(options => options.SegmentBytes = SegmentBytes);
        await using var _ = disk;
        var lease = await log.Lease();
        var (stdout, stderr) = (LogSteps.Noise(600_000, seed: 1), LogSteps.Noise(300_000, seed: 2));
        for (var i = 0; i < 300; i++)
        {
            await log.Write(lease, stdout[(i * 2000)..((i + 1) * 2000)]);
            await log.Write(lease, stderr[(i * 1000)..((i + 1) * 1000)], OutputType.Stderr);
        }

        TextOf(log, [OutputType.Stdout]).ShouldBeExactly(stdout, "stdout");
        TextOf(log, [OutputType.Stderr]).ShouldBeExactly(stderr, "stderr");
    }

    [Fact]
    public async Task Lines_of_megabytes_are_whole_between_those_that_ended_meanwhile_and_cost_little_memory()
    {
        var (disk, log) = await StoreOnDisk.WithSession(options => options.SegmentBytes = 1024 * 1024);
        await using var _ = disk;
        var written = new WrittenLines(log, await log.Lease(), disk.Time);
        for (var i = 0; i < 5; i++)
        {
            await written.Write(OutputType.Stdout, new string((char)('a' + i), 1024 * 1024));
            await written.Write(OutputType.Stderr, $"beside it {i}\n{new string((char)('A' + i), 400_000)}");
        }

        await written.Write(OutputType.Stderr, "\nshort\n");
        await written.Write(OutputType.Stdout, $"its end\nlast\n{new string('o', 300_000)}");
        await written.Write(OutputType.Stderr, new string('e', 200_000));

        foreach (var outputs in Views)
        {
            TextOf(log, outputs).ShouldBeExactly(Plain(written, outputs), string.Join('+', outputs));
            TextOf(log, outputs, withTimes: true).ShouldBeExactly(WithTimes(written, outputs), $"{string.Join('+', outputs)} with times");
        }
    }

    [Theory]
    [InlineData(16 * 1024)]
    [InlineData(48 * 1024)]
    [InlineData(64 * 1024)]
    public async Task Where_lines_begin_to_be_kept_otherwise_none_loses_a_byte(int length)
    {
        var (disk, log) = await StoreOnDisk.WithSession();
        await using var _ = disk;
        var written = new WrittenLines(log, await log.Lease(), disk.Time);
        for (var around = -2; around <= 2; around++)
        {
            await written.Write(OutputType.Stdout, $"{new string('x', length + around)}\n{new string('y', length + around - 1)}\r\n");
            await written.Write(OutputType.Stderr, new string('z', 40_000));
            await written.Write(OutputType.Stderr, $"{new string('z', length + around - Math.Min(40_000, length + around))}\n");
        }

        TextOf(log, LogSteps.Both).ShouldBeExactly(Plain(written, LogSteps.Both), $"lines around {length}");
    }

    [Fact]
    public async Task Lines_that_end_in_CRLF_and_redrawn_bars_keep_their_returns_and_nothing_is_read_twice()
    {
        var (disk, log) = await StoreOnDisk.WithSession();
        await using var _ = disk;
        var written = new WrittenLines(log, await log.Lease(), disk.Time);
        for (var i = 0; i < 500; i++)
        {
            await written.Write(OutputType.Stdout, $"line {i}\r\nand another\r\n");
            await written.Write(OutputType.Stderr, $"\r{i / 5} % [{new string('=', i / 10)}]");
        }

        await written.Write(OutputType.Stderr, "\ndone\r\n");
        var counting = CountingLog.Around(log);

        TextOf(counting.Log, LogSteps.Both).ShouldBeExactly(Plain(written, LogSteps.Both), "both outputs");

        counting.Readers.Should().Be(1);
    }

    [Fact]
    public async Task A_bar_that_is_redrawn_for_megabytes_is_there_with_all_its_states()
    {
        var (disk, log) = await StoreOnDisk.WithSession();
        await using var _ = disk;
        var written = new WrittenLines(log, await log.Lease(), disk.Time);
        for (var i = 0; i < 200; i++)
        {
            await written.Write(OutputType.Stderr, string.Concat(Enumerable.Range(0, 100).Select(n => $"\r{i}.{n} % [{new string('=', 100)}]")));
        }

        await written.Write(OutputType.Stderr, "\ndone\n");

        TextOf(log, LogSteps.Both).ShouldBeExactly(Plain(written, LogSteps.Both), "the bar");
    }

    [Fact]
    public async Task What_the_writer_lost_stands_in_its_place_as_a_line_of_its_own()
    {
        var (disk, log) = await StoreOnDisk.WithSession();
        await using var _ = disk;
        var lease = await log.Lease();
        await log.Write(lease, "one\ntwo\nthr");
        await log.Write(lease, "beside\n", OutputType.Stderr);
        disk.Time.Advance(TimeSpan.FromSeconds(1));
        await log.AppendGapAsync(lease, OutputType.Stdout, 11, 500, CancellationToken.None);
        await log.Write(lease, "ee\nfour\n");
        await log.AppendGapAsync(lease, OutputType.Stdout, 519, 7, CancellationToken.None);

        Words(log).Should().Be("""
            one
            two
            beside
            thr
            [relay] 500 bytes of stdout from offset 11 are missing: the writer no longer had them
            ee
            four
            [relay] 7 bytes of stdout from offset 519 are missing: the writer no longer had them

            """);
        Words(log, withTimes: true).Should().Be("""
            2024-02-29T12:00:00.000000Z stdout F one
            2024-02-29T12:00:00.000000Z stdout F two
            2024-02-29T12:00:00.000000Z stderr F beside
            2024-02-29T12:00:00.000000Z stdout F thr
            2024-02-29T12:00:00.000000Z stdout F [relay] 500 bytes of stdout from offset 11 are missing: the writer no longer had them
            2024-02-29T12:00:01.000000Z stdout F ee
            2024-02-29T12:00:01.000000Z stdout F four
            2024-02-29T12:00:01.000000Z stdout F [relay] 7 bytes of stdout from offset 519 are missing: the writer no longer had them

            """);
        Words(log, OutputType.Stderr).Should().Be("beside\n");
    }

    [Fact]
    public async Task A_long_line_that_a_gap_broke_off_is_there_up_to_the_gap()
    {
        var (disk, log) = await StoreOnDisk.WithSession();
        await using var _ = disk;
        var lease = await log.Lease();
        await log.Write(lease, new string('x', 200_000));
        await log.AppendGapAsync(lease, OutputType.Stdout, 200_000, 5, CancellationToken.None);
        await log.Write(lease, new string('y', 100_000));

        Words(log).Should().Be($"{new string('x', 200_000)}\n[relay] 5 bytes of stdout from offset 200000 are missing: the writer no longer had them\n{new string('y', 100_000)}");
    }

    [Fact]
    public async Task What_retention_took_is_told_before_the_first_line_that_is_left()
    {
        var (disk, log) = await StoreOnDisk.WithSession(options => (options.SegmentBytes, options.MaxSessionBytes) = (64 * 1024, 200_000));
        await using var _ = disk;
        disk.Time.Advance(TimeSpan.FromMinutes(1));
        var written = new WrittenLines(log, await log.Lease(), disk.Time);
        for (var i = 0; i < 6000; i++)
        {
            await written.Write(i % 5 == 0 ? OutputType.Stderr : OutputType.Stdout, $"line {i} {new string('x', 60)}\n");
        }

        await log.MakeDurable();
        log.TrimTo(200_000);

        var snapshot = log.Snapshot();
        var left = written.Lines.Skip((int)snapshot.Outputs.Sum(output => output.FirstLine)).ToList();
        var notices = snapshot.Outputs.Select(output => $"[relay] {output.FirstOffset} bytes of {output.Output.ToName()} from offset 0 are missing: removed by retention").ToList();
        left.Count.Should().BeInRange(1, 5999);
        Words(log).Should().Be(string.Concat([.. notices.Select(notice => notice + '\n'), .. left.Select(line => line.Text + '\n')]));
        Words(log, withTimes: true).Should().StartWith($"2024-02-29T12:00:00.000000Z stdout F {notices[0]}\n2024-02-29T12:00:00.000000Z stderr F {notices[1]}\n2024-02-29T12:01:");
    }

    [Fact]
    public async Task What_the_disk_damaged_is_told_in_its_place()
    {
        var (disk, log) = await StoreOnDisk.WithSession();
        await using var _ = disk;
        var lease = await log.Lease();
        foreach (var text in new[] { "one\n", "two\nth", "ree\n", "four\n" })
        {
            await log.Write(lease, text);
        }

        await log.MakeDurable();
        await disk.KillAsync(() => Flip(disk.Segments().Single(), "ree\n"));
        log = await disk.Session();

        Words(log).Should().Be("one\ntwo\nth\n[relay] 4 bytes of stdout from offset 10 are missing: damaged on the relay's disk\nfour\n");
    }

    [Theory]
    [InlineData("", "", "", "")]
    [InlineData("a\n", "b\n", "b\na\n", "stderr F b|stdout F a|")]
    [InlineData("a\nopen", "", "a\nopen", "stdout F a|stdout P open|")]
    [InlineData("a\n", "open", "a\nopen", "stdout F a|stderr P open|")]
    [InlineData("out", "err", "out\nerr", "stdout P out|stderr P err|")]
    [InlineData("\n\n", "\r", "\n\n\r", "stdout F |stdout F |stderr P \r|")]
    public async Task What_has_not_ended_stands_at_the_end(string stdout, string stderr, string text, string withTimes)
    {
        var (disk, log) = await StoreOnDisk.WithSession();
        await using var _ = disk;
        var lease = await log.Lease();
        await log.Write(lease, stderr, OutputType.Stderr);
        await log.Write(lease, stdout);

        Words(log).Should().Be(text);
        Words(log, withTimes: true).Replace("2024-02-29T12:00:00.000000Z ", "", StringComparison.Ordinal).Replace('\n', '|').Should().Be(withTimes);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(300_000)]
    public async Task It_ends_where_the_log_ended_when_it_was_asked_for(int bytes)
    {
        var (disk, log) = await StoreOnDisk.WithSession();
        await using var _ = disk;
        var lease = await log.Lease();
        var before = string.Concat(Enumerable.Range(0, bytes / 10).Select(i => $"{i:D9}\n")) + "open";
        await log.Write(lease, before);
        var text = new StringBuilder();

        foreach (var piece in new LogText(log, LogSteps.Both, withTimes: false).Read().Take(100))
        {
            text.Append(Encoding.Latin1.GetString(piece.Span));
            await log.Write(lease, " went on\nlater\n");
            await log.AppendGapAsync(lease, OutputType.Stdout, log.Snapshot()[OutputType.Stdout].Length, 5, CancellationToken.None);
        }

        text.ToString().Should().Be(before);
    }

    [Fact]
    public async Task Lines_that_retention_takes_while_they_are_read_are_told()
    {
        var (disk, log) = await StoreOnDisk.WithSession(options => options.SegmentBytes = 64 * 1024);
        await using var _ = disk;
        var lease = await log.Lease();
        var lines = Enumerable.Range(0, 8000).Select(i => $"line {i} {new string('.', 90)}").ToList();
        foreach (var line in lines)
        {
            await log.Write(lease, line + '\n');
        }

        await log.MakeDurable();
        var text = new StringBuilder();
        foreach (var piece in new LogText(log, LogSteps.Both, withTimes: false).Read())
        {
            text.Append(Encoding.Latin1.GetString(piece.Span));
            log.TrimTo(200_000);
        }

        var read = text.ToString().Split('\n')[..^1];
        var at = Array.FindIndex(read, line => line.StartsWith("[relay] ", StringComparison.Ordinal));
        read[at].Should().EndWith(" are missing: removed by retention");
        at.Should().BePositive();
        read[..at].Should().Equal(lines[..at]);
        read[(at + 1)..].Should().Equal(lines[^(read.Length - at - 1)..]);
        read.Length.Should().BeLessThan(4000);
    }

    [Fact]
    public async Task A_line_that_retention_takes_the_beginning_of_before_it_was_told_breaks_the_text_off()
    {
        var (disk, log) = await StoreOnDisk.WithSession(options => options.SegmentBytes = 64 * 1024);
        await using var _ = disk;
        await log.Write(await log.Lease(), new string('x', 800_000) + "\nlast\n");
        await log.MakeDurable();
        var (text, pieces) = (new StringBuilder(), 0);
        var read = () =>
        {
            foreach (var piece in new LogText(log, LogSteps.Both, withTimes: false).Read())
            {
                text.Append(Encoding.Latin1.GetString(piece.Span));
                if (++pieces == 4)
                {
                    log.TrimTo(200_000).Should().BePositive();
                }
            }
        };

        read.Should().Throw<RelayException>().Which.Code.Should().Be(RelayErrorCode.BytesMissing);
        text.ToString().Should().BeEmpty();
    }

    [Theory]
    [InlineData("lines")]
    [InlineData("a long line")]
    public async Task A_log_that_is_cut_back_while_it_is_read_breaks_the_text_off(string what)
    {
        var flusher = new SteppedFlusher();
        var simulated = new SimulatedDisk();
        await using var _ = flusher;
        var options = Microsoft.Extensions.Options.Options.Create(new StorageOptions { DataFolder = "/data" });
        var log = await new EmbeddedLogStore(options, new FakeTime(), new LogLines(), simulated.Mount(), flusher).NewSession();
        var lease = await log.Lease(attempt: 1);
        var text = what == "lines" ? string.Concat(Enumerable.Range(0, 40_000).Select(i => $"{i:D9}\n")) : new string('x', 400_000) + "\n";
        await log.Write(lease, text);
        using var pieces = new LogText(log, LogSteps.Both, withTimes: false).Read().GetEnumerator();
        while (pieces.MoveNext() && pieces.Current.IsEmpty)
        {
            // Up to the first bytes.
        }

        simulated.Inject = call => call.Operation == DiskOperation.Sync ? DiskFault.IoError : null;
        flusher.Step();
        simulated.Inject = null;
        await log.Write(await log.Lease(attempt: 2), new string('y', 400_000) + "\n", offset: 0);

        var rest = () =>
        {
            while (pieces.MoveNext())
            {
                pieces.Current.Span.Contains((byte)'y').Should().BeFalse("that is of another history");
            }
        };
        rest.Should().Throw<RelayException>().Which.Code.Should().Be(RelayErrorCode.StorageFailed);
    }

    private static byte[] Plain(WrittenLines written, OutputType[] outputs) => Encoding.Latin1.GetBytes(
        string.Concat(written.Lines.Where(line => outputs.Contains(line.Output)).Select(line => line.Text + '\n'))
        + string.Join('\n', written.Open.Where(line => outputs.Contains(line.Output)).Select(line => line.Text)));

    private static byte[] WithTimes(WrittenLines written, OutputType[] outputs) => Encoding.Latin1.GetBytes(string.Concat(
        written.Lines.Select(line => Entry(line, "F")).Concat(written.Open.Select(line => Entry(line, "P"))).Where(entry => outputs.Contains(entry.Output)).Select(entry => entry.Text)));

    private static (OutputType Output, string Text) Entry(WrittenLine line, string tag)
    {
        var time = DateTime.UnixEpoch.AddMicroseconds(line.TimeMicros).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
        return (line.Output, $"{time} {(line.Output == OutputType.Stdout ? "stdout" : "stderr")} {tag} {line.Text}\n");
    }

    private static string Words(ISessionLog log, bool withTimes = false) => Encoding.Latin1.GetString(TextOf(log, LogSteps.Both, withTimes));

    private static string Words(ISessionLog log, OutputType output) => Encoding.Latin1.GetString(TextOf(log, [output]));

    private static byte[] TextOf(ISessionLog log, IReadOnlyList<OutputType> outputs, bool withTimes = false)
    {
        using var text = new MemoryStream();
        foreach (var piece in new LogText(log, outputs, withTimes).Read())
        {
            piece.Length.Should().BeLessThanOrEqualTo(LargestPiece);
            text.Write(piece.Span);
        }

        return text.ToArray();
    }

    private static void Flip(string path, string text)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[bytes.AsSpan().IndexOf(Encoding.Latin1.GetBytes(text))] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    /// <summary>Counts how often a log is opened.</summary>
#pragma warning disable CA1852 // The proxy is derived from it.
    private class CountingLog : DispatchProxy
#pragma warning restore CA1852
    {
        private ISessionLog _inner = null!;

        public int Readers { get; private set; }

        public ISessionLog Log { get; private set; } = null!;

        public static CountingLog Around(ISessionLog inner)
        {
            var log = Create<ISessionLog, CountingLog>();
            var counting = (CountingLog)log;
            (counting._inner, counting.Log) = (inner, log);
            return counting;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            Readers += targetMethod!.Name == nameof(ISessionLog.OpenReader) ? 1 : 0;
            return targetMethod.Invoke(_inner, args);
        }
    }
}
