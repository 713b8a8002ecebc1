using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Deploy;

/// <summary>The units of systemd, judged by systemd itself where it is installed.</summary>
public sealed class UnitTests
{
    private const string Analyze = "/usr/bin/systemd-analyze";

    [Theory]
    [InlineData("sparklogrelay.service", "sparklogrelay.service")]
    [InlineData("relay-job@.service", "relay-job@nightly.service")]
    public async Task Systemd_takes_the_unit(string file, string unit)
    {
        if (!File.Exists(Analyze))
        {
            return; // A machine without systemd; the words are checked where it is.
        }

        using var folder = new TempFolder();
        var text = await File.ReadAllTextAsync(Repository.PathOf("deploy", "systemd", file));
        // The relay is not installed here; its place is taken by a program that is.
        await File.WriteAllTextAsync(folder[file], text.Replace("/opt/sparklogrelay/Relay.Server", "/bin/true", StringComparison.Ordinal));

        await using var check = await ChildProcess.Run(new ChildCommand(Analyze, "verify", "--man=no", folder[unit == file ? file : unit]));

        check.StderrText.Should().BeEmpty();
        check.ExitCode.Should().Be(0);
    }

    [Fact]
    public async Task The_relay_starts_with_the_options_of_its_unit()
    {
        using var folder = new TempFolder();
        var options = (await File.ReadAllLinesAsync(Repository.PathOf("deploy", "systemd", "sparklogrelay.service")))
            .Single(line => line.StartsWith("ExecStart=", StringComparison.Ordinal)).Split(' ')[1..]
            .Select(word => word == "/var/lib/sparklogrelay" ? folder["data"] : word);

        await using var relay = ChildProcess.Start(DotNet.Server([.. options, "--port", "0"]));

        await relay.Printed("Now listening on");
    }
}
