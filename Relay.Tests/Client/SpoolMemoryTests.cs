using FluentAssertions;
using Relay.Client;
using Relay.Client.Spooling;
using Relay.Client.Writing;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Client;

/// <summary>What the spool keeps in memory beside its files: faster, and never anything else than what the files have.</summary>
public sealed class SpoolMemoryTests : IDisposable
{
    private const OutputType Out = OutputType.Stdout;
    private const OutputType Err = OutputType.Stderr;
    private const long Limit = 256 * 1024 * 1024;

    private readonly TempFolder _folder = new();
    private readonly Dictionary<OutputType, MemoryStream> _written = OutputTypes.All.ToDictionary(output => output, _ => new MemoryStream());
    private readonly Dictionary<OutputType, MemoryStream> _sent = OutputTypes.All.ToDictionary(output => output, _ => new MemoryStream());
    private Spool _spool;

    public SpoolMemoryTests() => _spool = Open();

    public void Dispose()
    {
        _spool.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_relay_that_keeps_up_is_fed_without_a_look_at_the_files()
    {
        for (var i = 0; i < 200; i++)
        {
            Write(Out, 100_000);
            Write(Err, 10);
            DamageEveryByteOnDisk();
            SendAll(written: true);
        }

        ShouldHaveSentAll();
    }

    [Fact]
    public void What_is_sent_again_comes_from_the_files()
    {
        Write(Out, 100_000);
        SendAll(written: false);
        DamageEveryByteOnDisk();
        _spool.Rewind();
        _spool.SendFrom(Out, 0);
        _spool.TryTake(out _, out _, out _).Should().BeFalse("nothing of it was kept, and what is damaged is never sent");
    }

    [Fact]
    public void More_than_the_memory_holds_is_in_the_files_and_comes_in_the_order_in_which_it_was_written()
    {
        for (var round = 0; round < 4; round++)
        {
            for (var i = 0; i < 2 * SpoolMemory.MostBlocks; i++)
            {
                Write(i % 5 == 0 ? Err : Out, 1 + (i * 7_919 % SpoolBlock.Size));
                // A relay that takes something now and then: bytes in memory and bytes in files come in turns.
                for (var item = 0; item < i % 3; item++)
                {
                    Send(written: true);
                }
            }

            _spool.BlocksInMemory.Should().BeLessThanOrEqualTo(SpoolMemory.MostBlocks);
        }

        SendAll(written: true);
        ShouldHaveSentAll();
    }

    [Fact]
    public void Memory_is_bounded_whatever_is_written_and_however_little_the_relay_writes()
    {
        for (var i = 0; i < 2_000; i++)
        {
            Write(i % 2 == 0 ? Out : Err, 1 + (i * 104_729 % 60_000));
        }

        SendAll(written: false);
        for (var i = 0; i < 20_000; i++)
        {
            Write(i % 2 == 0 ? Out : Err, 1);
        }

        _spool.BlocksInMemory.Should().BeLessThanOrEqualTo(SpoolMemory.MostBlocks);
        SendAll(written: false);
        ShouldHaveSentAll();
    }

    [Fact]
    public void Memory_is_used_again_only_when_the_relay_has_written_what_was_in_it()
    {
        Write(Out, 50_000);
        _spool.TryTake(out _, out _, out var underWay).Should().BeTrue();
        var before = underWay.ToArray();
        for (var i = 0; i < 1_000; i++)
        {
            Write(Err, 50_000);
            _spool.TryTake(out _, out var sent, out var item).Should().BeTrue();
            _spool.Written(Err, sent + item.Length);
        }

        underWay.ToArray().ShouldBeExactly(before, "a connection may still be sending it");
        _spool.Written(Out, 50_000);
        while (_spool.TryTake(out var output, out var position, out var bytes))
        {
            _spool.Written(output, position + bytes.Length);
        }

        _spool.BlocksInMemory.Should().BeLessThan(8, "a spool at rest gives memory back");
    }

    [Fact]
    public void Who_is_behind_sends_large_items_and_who_keeps_up_sends_records()
    {
        Write(Out, 40_000);
        Write(Out, 40_000);
        Send(written: true).Should().Be(40_000);
        Send(written: true).Should().Be(40_000);
        for (var i = 0; i < 2 * SpoolMemory.MostBlocks; i++)
        {
            Write(Out, SpoolBlock.Size);
        }

        var items = Enumerable.Range(0, (2 * SpoolMemory.MostBlocks) - 2).Select(_ => Send(written: true)).ToList();
        items.Should().AllSatisfy(length => length.Should().BeGreaterThan(3 * ReplayBuffer.MaxItemBytes));
        SendAll(written: true);
        ShouldHaveSentAll();
    }

    [Fact]
    public void What_was_given_up_is_not_sent_from_memory_either()
    {
        _spool.Dispose();
        Directory.Delete(_folder["run"], recursive: true);
        _spool = Open(limit: 1024 * 1024);
        while (_spool.TryAppend(Out, new byte[40_000]))
        {
        }

        var given = _spool.DropOldest()!.Single();
        _spool.TryTake(out _, out var first, out _).Should().BeTrue();
        first.Should().Be(given.Bytes);
    }

    [Fact]
    public void Another_process_finds_all_that_was_taken_also_in_large_pieces()
    {
        for (var i = 0; i < 100; i++)
        {
            Write(i % 3 == 0 ? Err : Out, 1 + (i * 7_919 % SpoolBlock.Size));
        }

        var totals = OutputTypes.All.Select(_spool.Total).ToList();
        // As kill -9 leaves it: nothing is closed, only what is in the files counts.
        CopyFolder(_folder["run"], _folder["copy"]);
        _spool.Dispose();
        _spool = Open("copy");
        OutputTypes.All.Select(_spool.Total).Should().Equal(totals);
        totals.Should().Equal(OutputTypes.All.Select(output => new OutputTotal(output, _written[output].Length, Crc32C.Append(0, _written[output].ToArray()))));
        SendAll(written: true);
        ShouldHaveSentAll();
    }

    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from).Where(file => Path.GetFileName(file) != "lock"))
        {
            using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var target = File.Create(Path.Combine(to, Path.GetFileName(file)));
            source.CopyTo(target);
        }
    }

    private Spool Open(string name = "run", long limit = Limit) => Spool.Open(
        new SpoolOptions { Folder = _folder[name], LimitBytes = limit },
        new SpoolDescription { Session = "s", RunId = "r", Url = RelayClientOptions.DefaultUrl, StartedAt = DateTimeOffset.UnixEpoch },
        out _);

    private void Write(OutputType output, int bytes)
    {
        var piece = new byte[bytes];
        new Random((int)_written[output].Length + (int)output).NextBytes(piece);
        _written[output].Write(piece);
        _spool.TryAppend(output, piece).Should().BeTrue();
    }

    /// <returns>How many bytes the item had; 0 when nothing is left.</returns>
    private int Send(bool written)
    {
        if (!_spool.TryTake(out var output, out var position, out var bytes))
        {
            return 0;
        }

        position.Should().Be(_sent[output].Length, "no byte is lost, doubled or out of order");
        _sent[output].Write(bytes.Span);
        if (written)
        {
            _spool.Written(output, position + bytes.Length);
        }

        return bytes.Length;
    }

    private void SendAll(bool written)
    {
        while (Send(written) > 0)
        {
        }

        _spool.AllSent.Should().BeTrue();
    }

    private void ShouldHaveSentAll()
    {
        foreach (var output in OutputTypes.All)
        {
            _sent[output].ToArray().ShouldBeExactly(_written[output].ToArray(), "what was sent");
        }
    }

    private void DamageEveryByteOnDisk()
    {
        foreach (var file in Directory.GetFiles(_folder["run"], "*.segment"))
        {
            using var segment = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            segment.Write(new byte[segment.Length]);
        }
    }
}
