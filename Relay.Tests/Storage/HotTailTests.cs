using FluentAssertions;
using Relay.Server.Storage.Embedded;
using Xunit;

namespace Relay.Tests.Storage;

public sealed class HotTailTests
{
    private const int MiB = 1024 * 1024;
    private readonly StoredTotal _total = new();

    [Fact]
    public void A_session_keeps_its_newest_bytes_up_to_its_limit()
    {
        var tail = new HotTail(MiB, maxTotalBytes: 64 * MiB, _total);
        Append(tail, 4 * MiB);

        _total.HotBytes.Should().BeInRange(MiB / 2, MiB);
    }

    [Fact]
    public void Where_all_together_have_too_much_each_keeps_its_share()
    {
        var tails = Enumerable.Range(0, 8).Select(_ => new HotTail(4 * MiB, maxTotalBytes: 2 * MiB, _total)).ToList();
        foreach (var tail in tails.Concat(tails))
        {
            Append(tail, 4 * MiB);
        }

        _total.HotBytes.Should().BeLessThanOrEqualTo((2 * MiB) + (tails.Count * HotTail.MinBytes));
    }

    [Fact]
    public void What_is_given_back_counts_no_more()
    {
        var tail = new HotTail(MiB, maxTotalBytes: 64 * MiB, _total);
        Append(tail, 4 * MiB);

        tail.Clear();

        _total.HotBytes.Should().Be(0);
    }

    private static void Append(HotTail tail, int bytes)
    {
        const int record = 48 * 1024;
        for (var position = 0; position + record <= bytes; position += record)
        {
            tail.Reserve(null!, position, record);
            tail.Commit(record);
        }
    }
}
