using System.Buffers;
using System.Runtime.InteropServices;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR.Protocol;
using Relay.Contracts;
using Relay.Contracts.Protocol;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Contracts;

/// <summary>Items that lie in arrays of the pool.</summary>
public sealed class RentedWriteItemTests
{
    private static readonly MessagePackHubProtocol Protocol = new() { RentsItems = true };

    [Fact]
    public void Its_array_goes_back_once_whoever_copied_it()
    {
        var item = Decode(new WriteItem { Kind = WriteItemKind.Data, Output = OutputType.Stderr, Offset = 7, Data = "bytes"u8.ToArray() });
        item.Should().BeOfType<RentedWriteItem>();
        item.Data.ToArray().Should().Equal("bytes"u8.ToArray());
        (item.Kind, item.Output, item.Offset).Should().Be((WriteItemKind.Data, OutputType.Stderr, 7));

        var copy = (RentedWriteItem)(item with { Offset = 8 });
        copy.Return();
        copy.Return();
        ((RentedWriteItem)item).Return();

        var length = item.Data.Length;
        var (one, other) = (ArrayPool<byte>.Shared.Rent(length), ArrayPool<byte>.Shared.Rent(length));
        one.Should().NotBeSameAs(other, "an array that went back twice is given to two");
        ArrayPool<byte>.Shared.Return(one);
        ArrayPool<byte>.Shared.Return(other);
    }

    [Fact]
    public void An_item_without_bytes_has_nothing_to_give_back()
    {
        var item = Decode(new WriteItem { Kind = WriteItemKind.Complete, ExitCode = 3, Totals = [new OutputTotal(OutputType.Stdout, 5, 6)] });

        item.ExitCode.Should().Be(3);
        item.Totals.Should().Equal(new OutputTotal(OutputType.Stdout, 5, 6));
        item.Data.IsEmpty.Should().BeTrue();
        ((RentedWriteItem)item).Return();
    }

    [Fact]
    public void One_that_came_in_pieces_keeps_the_array_in_which_they_were_put_together()
    {
        var bytes = new byte[200_000];
        Random.Shared.NextBytes(bytes);
        var item = (RentedWriteItem)Decode(new WriteItem { Kind = WriteItemKind.Data, Output = OutputType.Stdout, Offset = 1, Data = bytes }, pieceBytes: 64 * 1024);

        // Whoever rents as much meanwhile gets other arrays.
        var others = Enumerable.Range(0, 8).Select(_ => ArrayPool<byte>.Shared.Rent(bytes.Length)).ToList();
        others.ForEach(other => other.AsSpan().Clear());
        item.Data.ToArray().Should().Equal(bytes);
        MemoryMarshal.TryGetArray(item.Data, out var place).Should().BeTrue();
        place.Offset.Should().BePositive("what stood before the bytes in the message is before them still: nothing was copied");

        item.Return();
        item.Return();
        others.ForEach(other => ArrayPool<byte>.Shared.Return(other));
    }

    private static WriteItem Decode(WriteItem item, int pieceBytes = int.MaxValue)
    {
        var input = Sequences.Of(Protocol.GetMessageBytes(new StreamItemMessage("1", item)).ToArray().Chunk(pieceBytes));
        Protocol.TryParseMessage(ref input, Binder.For(item), out var message).Should().BeTrue();
        return (WriteItem)((StreamItemMessage)message!).Item!;
    }
}
