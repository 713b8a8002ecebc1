using FluentAssertions;
using Relay.Client;
using Relay.Client.Spooling;
using Relay.Client.Writing;
using Relay.Contracts;
using Relay.Tests.Storage;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Client;

/// <summary>The replay store on disk.</summary>
public sealed class SpoolTests : ReplayStoreContractTests
{
    private const int Limit = 1024 * 1024;

    private readonly TempFolder _folder;
    private Spool _spool;

    public SpoolTests()
        : this(new TempFolder())
    {
    }

    private SpoolTests(TempFolder folder)
        : this(folder, Open(folder["run"]))
    {
    }

    private SpoolTests(TempFolder folder, Spool spool)
        : base(spool) => (_folder, _spool) = (folder, spool);

    public override void Dispose()
    {
        _spool.Dispose();
        base.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Another_process_finds_bytes_order_totals_checkpoints_and_facts()
    {
        Append(Out, "1234");
        Append(Err, "x");
        _spool.TryAppend(Out, "56789"u8, "here"u8);
        var facts = new RunFacts(7, 123456789012345, IsCreated: true, IsCompleting: true, ExitCode: -3, RelayErrorCode.SessionExpired);
        _spool.Facts = facts;

        Reopen();
        _spool.Facts.Should().Be(facts);
        _spool.Total(Out).Should().Be(new OutputTotal(Out, 9, 0xE3069283));
        _spool.Checkpoint(Out).ToArray().Should().Equal("here"u8.ToArray());
        TakeAll(_spool).Should().Equal("stdout@0:1234", "stderr@0:x", "stdout@4:56789");
        _spool.TryAppend(Out, "!"u8).Should().BeTrue();
        TakeAll(_spool).Should().Equal("stdout@9:!");
    }

    [Fact]
    public void Whole_files_go_when_all_of_them_is_durable_and_the_rest_still_tells_the_totals_and_checkpoints()
    {
        _spool.TryAppend(Err, "e"u8, "mark"u8);
        var piece = new byte[40_000];
        for (var i = 0; i < 20; i++)
        {
            _spool.TryAppend(Out, piece).Should().BeTrue();
        }

        while (_spool.TryTake(out _, out _, out _))
        {
        }

        var before = Segments();
        _spool.Release(Out, 800_000);
        Segments().Should().Be(before, "the byte of stderr in the first file is not durable");
        _spool.Release(Err, 1);
        Segments().Should().Be(1);

        Reopen();
        _spool.Total(Out).Bytes.Should().Be(800_000);
        _spool.Total(Err).Should().Be(new OutputTotal(Err, 1, Crc32C.Append(0, "e"u8)));
        _spool.Checkpoint(Err).ToArray().Should().Equal("mark"u8.ToArray());
    }

    [Fact]
    public void A_spool_that_is_full_takes_no_more_and_never_grows_beyond_its_limit()
    {
        var taken = 0;
        while (_spool.TryAppend(taken % 2 == 0 ? Out : Err, new byte[1_000]))
        {
            taken++;
        }

        taken.Should().BeGreaterThan(900);
        Directory.EnumerateFiles(_folder["run"], "*.segment").Sum(file => new FileInfo(file).Length).Should().BeLessThanOrEqualTo(Limit);
    }

    [Fact]
    public void A_file_that_ends_at_any_byte_gives_a_beginning_of_what_was_written()
    {
        string[] written = ["first ", "second ", "third"];
        foreach (var text in written)
        {
            Append(Out, text);
        }

        _spool.Dispose();
        var whole = File.ReadAllBytes(OnlySegment());
        for (var length = whole.Length; length >= 0; length--)
        {
            File.WriteAllBytes(OnlySegment(), whole[..length]);
            _spool = Open(_folder["run"]);
            var text = string.Concat(TakeAll(_spool).Select(item => item[(item.IndexOf(':', StringComparison.Ordinal) + 1)..]));
            "first second third".Should().StartWith(text, "cut at byte {0}", length);
            // Each record but the one that was cut is there, and of that one all bytes that reached the file.
            var lost = string.Concat(written).Length - text.Length;
            lost.Should().BeLessThanOrEqualTo(whole.Length - length, "cut at byte {0}", length);
            _spool.TryAppend(Out, "!"u8).Should().BeTrue("writing goes on");
            TakeAll(_spool).Should().Equal($"stdout@{text.Length}:!");
            _spool.Dispose();
            foreach (var file in Directory.EnumerateFiles(_folder["run"], "*.segment"))
            {
                File.Delete(file);
            }

            File.WriteAllBytes(Path.Combine(_folder["run"], "00000001.segment"), []);
        }
    }

    [Fact]
    public void A_flipped_bit_loses_at_most_the_records_it_is_in_and_never_gives_a_wrong_byte()
    {
        string[] written = ["first ", "second ", "third"];
        foreach (var text in written)
        {
            _spool.TryAppend(Out, System.Text.Encoding.UTF8.GetBytes(text), "c"u8);
        }

        _spool.Dispose();
        var whole = File.ReadAllBytes(OnlySegment());
        for (var bit = 0; bit < whole.Length * 8; bit++)
        {
            var damaged = whole.ToArray();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            File.WriteAllBytes(OnlySegment(), damaged);
            using var spool = Open(_folder["run"]);
            var read = 0;
            while (spool.TryTake(out _, out var position, out var bytes))
            {
                "first second third"[(int)position..].Should().StartWith(System.Text.Encoding.UTF8.GetString(bytes.Span), "bit {0}", bit);
                read += bytes.Length;
            }

            var longest = written.Max(text => text.Length);
            read.Should().BeGreaterThanOrEqualTo(string.Concat(written).Length - longest, "only a record is lost with bit {0}", bit);
        }
    }

    [Fact]
    public void Only_one_writer_has_a_spool_and_nobody_else_may_look_into_it()
    {
        FluentActions.Invoking(() => Open(_folder["run"])).Should().Throw<SpoolInUseException>().Which.Folder.Should().Be(_folder["run"]);
        SpoolFolder.List(_folder.Path).Should().ContainSingle().Which.IsInUse.Should().BeTrue();
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(_folder["run"]).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public void What_is_left_in_a_folder_of_spools_can_be_listed()
    {
        Append(Out, "12345");
        _spool.Facts = new RunFacts(1, 1, IsCreated: true, IsCompleting: true, ExitCode: 0, Refusal: null);
        TakeAll();
        _spool.Release(Out, 2);
        _spool.Dispose();

        var left = SpoolFolder.List(_folder.Path).Should().ContainSingle().Subject;
        left.Should().BeEquivalentTo(new { Session = "s", UndeliveredBytes = 3, HasEnd = true, IsInUse = false, Problem = (string?)null });
        SpoolFolder.List(_folder["nowhere"]).Should().BeEmpty();
    }

    [Fact]
    public void Skipped_bytes_are_known_to_the_next_process_also_when_nothing_follows_them()
    {
        Append(Out, "1234");
        _spool.Skip(Out, "56789"u8);
        Reopen();
        _spool.Total(Out).Should().Be(new OutputTotal(Out, 9, 0xE3069283));
        SpoolFolder.List(_folder.Path).Should().ContainSingle();
    }

    [Fact]
    public void What_goes_to_another_session_is_kept_until_that_one_has_it()
    {
        var block = new byte[40 * 1024];
        _spool.TryAppend(Out, block);
        Append(Err, "e");
        _spool.TryAppend(Out, block);
        TakeAll();
        _spool.Release(Out, 80 * 1024);
        _spool.Dispose();

        SpoolFolder.Redirect(_folder["run"], "another");
        _spool = Open(_folder["run"]);
        TakeAll(_spool);
        _spool.Release(Err, 1);
        _spool.Rewind();
        _spool.SendFrom(Out, 0);
        _spool.SendFrom(Err, 1);
        _spool.TryTake(out _, out var position, out _).Should().BeTrue();
        position.Should().Be(0);
    }

    [Theory]
    [InlineData("http://127.0.0.1:8160", "127.0.0.1:8160")]
    [InlineData("\"s\"", "\"a/b\"")]
    [InlineData("\"r\"", "\"\"")]
    public void A_description_that_makes_no_sense_is_said_and_nothing_else_happens(string right, string wrong)
    {
        _spool.Dispose();
        var description = Path.Combine(_folder["run"], "spool.json");
        File.WriteAllText(description, File.ReadAllText(description).Replace(right, wrong, StringComparison.Ordinal));
        FluentActions.Invoking(() => Open(_folder["run"])).Should().Throw<InvalidDataException>();
        SpoolFolder.List(_folder.Path).Should().ContainSingle().Which.Problem.Should().Contain("is not a spool's description");
    }

    [Fact]
    public void What_a_process_left_that_died_while_it_made_or_removed_a_spool_is_swept()
    {
        _spool.Dispose();
        File.Delete(Path.Combine(_folder["run"], "spool.json"));
        Directory.CreateDirectory(_folder["not-ours"]);
        SpoolFolder.Sweep(_folder.Path, DateTimeOffset.UnixEpoch);
        Directory.Exists(_folder["run"]).Should().BeTrue("it may have been begun just now");
        SpoolFolder.Sweep(_folder.Path, DateTimeOffset.MaxValue);
        Directory.GetDirectories(_folder.Path).Should().Equal(_folder["not-ours"]);
    }

    [Fact]
    public void While_the_folder_is_gone_memory_takes_what_comes_and_gives_it_back()
    {
        var written = new MemoryStream();
        Directory.Delete(_folder["run"], recursive: true);
        for (var i = 0; i < 40; i++)
        {
            var piece = System.Text.Encoding.ASCII.GetBytes(new string((char)('a' + (i % 26)), 20_000));
            _spool.TryAppend(Out, piece).Should().BeTrue();
            written.Write(piece);
        }

        var read = new MemoryStream();
        while (_spool.TryTake(out _, out var position, out var bytes))
        {
            position.Should().Be(read.Length);
            read.Write(bytes.Span);
            _spool.Release(Out, read.Length);
        }

        read.ToArray().ShouldBeExactly(written.ToArray(), "what was read back");
    }

    [Fact]
    public void A_newer_format_is_not_touched()
    {
        _spool.Dispose();
        var description = Path.Combine(_folder["run"], "spool.json");
        File.WriteAllText(description, File.ReadAllText(description).Replace("\"format\": 1", "\"format\": 2", StringComparison.Ordinal));
        FluentActions.Invoking(() => Open(_folder["run"])).Should().Throw<InvalidDataException>().WithMessage("*has format 2*");
        SpoolFolder.List(_folder.Path).Should().ContainSingle().Which.Problem.Should().Contain("has format 2");
    }

    [Fact]
    public void What_is_discarded_leaves_nothing_behind()
    {
        Append(Out, "1");
        _spool.Discard();
        Directory.Exists(_folder["run"]).Should().BeFalse();
    }

    [TinyDiskFact]
    public void A_full_disk_leaves_some_memory_and_writing_goes_on_when_there_is_room()
    {
        using var disk = new TinyDisk();
        using var spool = Open(Path.Combine(disk.Path, "run"), 64 * Limit);
        var taken = 0L;
        while (spool.TryAppend(Out, new byte[10_000]))
        {
            taken += 10_000;
        }

        taken.Should().BeInRange(8_000_000, 12_000_000, "the disk has 2 MB and the memory 8");
        disk.MakeRoom();
        spool.TryAppend(Out, "after"u8).Should().BeTrue();
        var found = 0L;
        while (spool.TryTake(out _, out var position, out var bytes))
        {
            position.Should().Be(found);
            found += bytes.Length;
        }

        found.Should().Be(taken + 5);
    }

    private static Spool Open(string folder, long limit = Limit) => Spool.Open(
        new SpoolOptions { Folder = folder, LimitBytes = limit },
        new SpoolDescription { Session = "s", RunId = "r", Url = RelayClientOptions.DefaultUrl, StartedAt = DateTimeOffset.UnixEpoch },
        out _);

    private void Reopen()
    {
        _spool.Dispose();
        _spool = Open(_folder["run"]);
    }

    private int Segments() => Directory.GetFiles(_folder["run"], "*.segment").Length;

    private string OnlySegment() => Directory.GetFiles(_folder["run"], "*.segment").Single();
}
