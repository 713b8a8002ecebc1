using FluentAssertions;
using Relay.Server;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Security;

/// <summary>A limit that cannot be is one line that names the setting, its range and the value.</summary>
public sealed class LimitOptionsTests
{
    [Theory]
    [InlineData("Limits:MaxConnections", "-1")]
    [InlineData("Limits:MaxConnectionsPerAddress", "1000001")]
    [InlineData("Limits:MaxWebSockets", "-1")]
    [InlineData("Limits:MaxWebSocketsPerAddress", "-1")]
    [InlineData("Limits:CreatesPerSecond", "-1")]
    [InlineData("Limits:CreateBurst", "0")]
    [InlineData("Limits:ConnectsPerSecond", "1000001")]
    [InlineData("Limits:ConnectBurst", "0")]
    [InlineData("Limits:FailedAuthPerMinute", "-1")]
    [InlineData("Limits:MaxHeaderBytes", "4095")]
    [InlineData("Limits:HeaderTimeout", "00:00:00")]
    [InlineData("Limits:HeaderTimeout", "15")]
    [InlineData("Limits:MaxDocumentBytes", "many")]
    [InlineData("Sessions:MaxPerKey", "-1")]
    [InlineData("Streaming:MaxMessageBytes", "65535")]
    [InlineData("Streaming:WriterBytesPerSecond", "1023")]
    [InlineData("Streaming:WriterBytesPerSecond", "-1")]
    [InlineData("Streaming:MaxReadersPerSession", "0")]
    [InlineData("Streaming:MaxStreamsPerConnection", "0")]
    [InlineData("Storage:WhenFull", "Explode")]
    public void A_wrong_limit_is_one_line(string key, string value)
    {
        using var folder = new TempFolder();

        var build = () => RelayApplication.Build(["--data", folder["data"], $"--{key}", value]);

        build.Should().Throw<StartupException>().Which.Faults.Should().ContainSingle(fault => fault.Contains(key, StringComparison.Ordinal)).Which.Should().Contain("must be");
    }

    [Fact]
    public void A_limit_that_there_is_not_is_told_together_with_those_that_there_are()
    {
        using var folder = new TempFolder();

        var build = () => RelayApplication.Build(["--data", folder["data"], "--Limits:MaxConnection", "5"]);

        build.Should().Throw<StartupException>().Which.Faults.Should().ContainSingle().Which.Should().Contain("Limits:MaxConnection ").And.Contain("MaxConnectionsPerAddress");
    }
}
