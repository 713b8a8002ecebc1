using FluentAssertions;
using Relay.Client.Writing;
using Relay.Contracts;
using Xunit;

namespace Relay.Tests.Client;

public sealed class UploadWindowTests
{
    [Fact]
    public void It_is_full_with_so_many_items()
    {
        var window = new UploadWindow(2);
        window.Sent(OutputType.Stdout, 1, 1);
        window.HasRoom.Should().BeTrue();
        window.Sent(OutputType.Stderr, 1, 1);
        window.HasRoom.Should().BeFalse();

        window.Acknowledged(OutputType.Stderr, 1);
        window.HasRoom.Should().BeFalse("what was sent first waits");
        window.Acknowledged(OutputType.Stdout, 1);
        window.HasRoom.Should().BeTrue();
    }

    [Fact]
    public void It_is_full_with_so_many_bytes_and_takes_one_item_of_any_size()
    {
        var window = new UploadWindow(64);
        window.Sent(OutputType.Stdout, UploadWindow.MaxBytes, UploadWindow.MaxBytes);
        window.HasRoom.Should().BeFalse();

        window.Acknowledged(OutputType.Stdout, UploadWindow.MaxBytes - 1);
        window.HasRoom.Should().BeFalse("the item is not whole");
        window.Acknowledged(OutputType.Stdout, UploadWindow.MaxBytes);
        window.HasRoom.Should().BeTrue();
    }
}
