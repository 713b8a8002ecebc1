using System.Buffers;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR.Protocol;
using Relay.Contracts;
using Relay.Contracts.Protocol;
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

    private static WriteItem Decode(WriteItem item)
    {
        var input = new ReadOnlySequence<byte>(Protocol.GetMessageBytes(new StreamItemMessage("1", item)));
        Protocol.TryParseMessage(ref input, Binder.For(item), out var message).Should().BeTrue();
        return (WriteItem)((StreamItemMessage)message!).Item!;
    }
}
