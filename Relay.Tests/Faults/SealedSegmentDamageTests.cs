using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Tests.Storage;
using Xunit;

namespace Relay.Tests.Faults;

/// <summary>A first page that nobody looked at at the start is looked at by who reads on.</summary>
public sealed class SealedSegmentDamageTests : IAsyncDisposable
{
    private const int Written = 400_000;
    private readonly StoreOnDisk _disk = new(options => options.SegmentBytes = 64 * 1024);
    private readonly byte[] _bytes = LogSteps.Noise(Written, seed: 40);

    [Theory]
    [InlineData(0, true)]
    [InlineData(0, false)]
    [InlineData(2, true)]
    [InlineData(2, false)]
    public async Task A_sealed_segment_whose_first_page_is_unreadable_becomes_a_gap_of_just_its_bytes(int segment, bool cleanly)
    {
        await Fill();
        await (cleanly ? _disk.StopAsync() : _disk.KillAsync());
        Spoil(segment, copies: 2);

        var log = await _disk.Session();
        var (from, to) = (BaseOf(segment), BaseOf(segment + 1));
        _disk.Log.ToString().Should().NotContain("first page", "nobody has looked at it yet");
        foreach (var start in new ReadFrom[] { ReadFrom.Start, new ReadFrom.Offset(OutputType.Stdout, from / 2), new ReadFrom.Since(0) })
        {
            var back = log.ReadAll(start);
            var stood = start is ReadFrom.Offset ? from / 2 : start is ReadFrom.Since && segment == 0 ? to : 0;
            back.ShouldBeTrueTo(_bytes, OutputType.Stdout, stood);
            back.ShouldBeContiguous(OutputType.Stdout, stood).Should().Be(Written);
            if (stood < to)
            {
                var gap = back.Gaps.Should().ContainSingle().Which;
                (gap.Offset, gap.Offset + gap.Length).Should().Be((Math.Max(from, stood), to));
            }
        }

        log.ReadAll(new ReadFrom.Offset(OutputType.Stdout, to)).Gaps.Should().BeEmpty();
        log.ReadAll(new ReadFrom.LastLines(10, OutputTypes.All)).Gaps.Should().BeEmpty();
        File.Exists(_disk.Segments()[segment]).Should().BeTrue("its bytes can still be looked at by hand");
        var lease = await log.Lease("next");
        await log.Write(lease, "goes on");
        log.Snapshot()[OutputType.Stdout].Length.Should().Be(Written + 7);
        log.TrimTo(1).Should().BePositive();
        _disk.Segments().Should().HaveCountLessThan(4, "retention takes it like any other");
    }

    [Fact]
    public async Task One_copy_of_the_header_is_enough()
    {
        await Fill();
        await _disk.StopAsync();
        Spoil(1, copies: 1);

        var back = (await _disk.Session()).ReadAll();

        back.Gaps.Should().BeEmpty();
        back.Bytes().AsSpan().SequenceEqual(_bytes).Should().BeTrue();
    }

    [Fact]
    public async Task The_first_offset_of_a_trimmed_session_is_known_again_after_a_restart()
    {
        await Fill();
        var log = await _disk.Session();
        log.TrimTo(200_000).Should().BePositive();
        var first = log.Snapshot()[OutputType.Stdout].FirstOffset;
        first.Should().BePositive();
        await _disk.StopAsync();

        (await _disk.Session()).Snapshot()[OutputType.Stdout].FirstOffset.Should().Be(first);
    }

    public ValueTask DisposeAsync() => _disk.DisposeAsync();

    private async Task Fill()
    {
        var log = (EmbeddedSessionLog)await _disk.Store.NewSession();
        var lease = await log.Lease();
        for (var at = 0; at < Written; at += 1000)
        {
            await log.Write(lease, _bytes[at..(at + 1000)]);
            if (at % 20_000 == 0)
            {
                await log.MakeDurable(); // So that recovery begins late, as after a longer run.
            }
        }

        await log.MakeDurable();
        await log.Leave(lease);
    }

    private void Spoil(int segment, int copies)
    {
        using var file = File.OpenWrite(_disk.Segments()[segment]);
        for (var i = 0; i < copies; i++)
        {
            file.Position = (i * 512) + 20;
            file.Write("spoilt"u8);
        }
    }

    /// <summary>Where the output stood when the segment began, by the copy that is whole or the data's own count.</summary>
    private long BaseOf(int segment)
    {
        var records = 0L;
        foreach (var path in _disk.Segments().Take(segment))
        {
            records += (new FileInfo(path).Length - SegmentHeader.PageSize) / (RecordHeader.Size + 1000);
        }

        return records * 1000;
    }
}
