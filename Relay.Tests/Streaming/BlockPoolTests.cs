using FluentAssertions;
using Relay.Server.Streaming;
using Xunit;

namespace Relay.Tests.Streaming;

public sealed class BlockPoolTests : IDisposable
{
    private readonly BlockPool _pool = new(1024, maxSpareBlocks: 2, isPinned: false);

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void A_block_is_used_again()
    {
        var block = _pool.Rent();
        block.Memory.Length.Should().Be(1024);
        block.Dispose();

        _pool.Rent(100).Should().BeSameAs(block);
    }

    [Fact]
    public void One_that_is_given_back_twice_is_not_given_to_two()
    {
        var block = _pool.Rent();
        block.Dispose();
        block.Dispose();

        _pool.Rent().Should().NotBeSameAs(_pool.Rent());
    }

    [Fact]
    public void No_more_are_kept_than_may_be()
    {
        var blocks = Enumerable.Range(0, 3).Select(_ => _pool.Rent()).ToList();
        blocks.ForEach(block => block.Dispose());

        var again = Enumerable.Range(0, 3).Select(_ => _pool.Rent()).ToList();

        again.Should().Contain(blocks[..2]).And.NotContain(blocks[2]);
        FluentActions.Invoking(() => _pool.Rent(1025)).Should().Throw<ArgumentOutOfRangeException>();
    }
}
