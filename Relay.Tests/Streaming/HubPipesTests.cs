using FluentAssertions;
using Microsoft.AspNetCore.Http.Connections;
using Relay.Server.Streaming;
using Xunit;

namespace Relay.Tests.Streaming;

public sealed class HubPipesTests
{
    [Fact]
    public void This_version_of_AspNetCore_takes_the_large_segments()
    {
        var options = new HttpConnectionDispatcherOptions();

        HubPipes.UseLargeUploadSegments(options);

        HubPipes.UploadPipe(options)!.MinimumSegmentSize.Should().Be(64 * 1024, "otherwise the relay works, and uploads are slow: docs/decisions/0023");
    }
}
