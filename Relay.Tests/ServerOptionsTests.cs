using System.Net;
using FluentAssertions;
using Microsoft.Extensions.Configuration;
using Relay.Server;
using Xunit;

namespace Relay.Tests;

/// <summary>The settings of the command line: each wrong value is one clear line, and all of them are told at once.</summary>
public sealed class ServerOptionsTests
{
    [Fact]
    public void Without_settings_the_defaults_stand()
    {
        var options = Read();

        (options.Address, options.Port, options.Ttl, options.Data).Should().Be((IPAddress.Any, 8160, null, null));
    }

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("localhost", "127.0.0.1")]
    [InlineData("*", "0.0.0.0")]
    [InlineData("::", "::")]
    public void Hosts_are_read(string host, string address) => Read("--host", host).Address.Should().Be(IPAddress.Parse(address));

    [Theory]
    [InlineData("3600", 3600)]
    [InlineData("1", 1)]
    [InlineData("90s", 90)]
    [InlineData("1.5m", 90)]
    [InlineData("2h", 7200)]
    [InlineData("365d", 365 * 86400)]
    public void Times_to_live_are_read(string ttl, double seconds) => Read("--ttl", ttl).Ttl.Should().Be(TimeSpan.FromSeconds(seconds));

    [Theory]
    [InlineData("--ttl", "0")]
    [InlineData("--ttl", "0.5")]
    [InlineData("--ttl", "-5")]
    [InlineData("--ttl", "s")]
    [InlineData("--ttl", "1w")]
    [InlineData("--ttl", "1e9")]
    [InlineData("--ttl", "366d")]
    [InlineData("--ttl", "20000000d")]
    [InlineData("--ttl", "999999999d")]
    [InlineData("--ttl", "NaN")]
    [InlineData("--ttl", "Infinity")]
    [InlineData("--ttl", "-Infinity")]
    [InlineData("--port", "-1")]
    [InlineData("--port", "65536")]
    [InlineData("--port", "http")]
    [InlineData("--port", "80.5")]
    [InlineData("--port", "99999999999999999999")]
    [InlineData("--host", "example.org")]
    [InlineData("--host", "1.2.3.4.5")]
    public void A_wrong_value_is_one_line_that_names_it(string option, string value)
    {
        var fault = FaultsOf($"{option}={value}").Should().ContainSingle().Which;
        fault.Should().Contain(option).And.Contain($"'{value}'").And.NotContain("\n");
    }

    [Fact]
    public void All_wrong_values_are_told_at_once()
    {
        FaultsOf("--port", "x", "--ttl", "x", "--host", "x", "--unknown", "x").Should().HaveCount(4);
    }

    [Theory]
    [InlineData("--colour=red", "'--colour=red'")]
    [InlineData("-p", "'-p'")]
    [InlineData("8160", "'8160'")]
    [InlineData("--Logging:Level=Debug", "'--Logging:Level=Debug'")]
    [InlineData("--", "'--'")]
    public void An_unknown_option_is_named_together_with_those_that_are_known(string argument, string named)
    {
        FaultsOf(argument).Should().ContainSingle().Which.Should().Contain(named).And.Contain("--port");
    }

    [Fact]
    public void An_option_without_its_value_is_named()
    {
        FaultsOf("--ttl", "5", "--port").Should().Equal("--port needs a value.");
    }

    [Fact]
    public void Both_forms_and_sections_are_understood()
    {
        CommandLine.Parse(["--port=1", "--ttl", "2", "--Storage:Fsync", "Group", "--data", "a=b"], []).Should().Equal(
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["port"] = "1", ["ttl"] = "2", ["Storage:Fsync"] = "Group", ["data"] = "a=b" });
    }

    private static RelayServerOptions Read(params string[] arguments)
    {
        var options = Read(arguments, out var faults);
        faults.Should().BeEmpty();
        return options;
    }

    private static List<string> FaultsOf(params string[] arguments)
    {
        Read(arguments, out var faults);
        return faults;
    }

    private static RelayServerOptions Read(string[] arguments, out List<string> faults)
    {
        faults = [];
        return RelayServerOptions.Read(new ConfigurationBuilder().AddInMemoryCollection(CommandLine.Parse(arguments, faults)).Build(), faults);
    }
}
