using System.Text;
using FluentAssertions;
using Relay.Client;
using Relay.Tests.Cli;
using Relay.Tests.Examples;
using Relay.Tests.TestKit;
using Relay.Tests.Writer;
using Xunit;

namespace Relay.Tests.Security;

/// <summary><c>--ca</c> of all the tools: what it takes, and what is said without it.</summary>
public sealed class TlsToolsTests(TlsTransportsTests.Server server) : IClassFixture<TlsTransportsTests.Server>
{
    private RelayApi Api => server.Relay.Api;

    private string Url => Api.BaseAddress.AbsoluteUri.TrimEnd('/');

    [Fact]
    public async Task Without_ca_a_tool_that_does_not_wait_ends_with_103_and_says_what_to_do()
    {
        foreach (var command in (string[][])[["sessions"], ["create", "x"], ["delete", "x"], ["verify", "x"], ["tail", "x"]])
        {
            var refused = await InMemoryCli.RunAsync(Api.BaseAddress, command);
            refused.Should().Match<InMemoryCli>(it => it.ExitCode == 103, refused.Error);
            refused.Error.Should().Contain("is not from an authority that this machine trusts").And.Contain("name its authority's certificate with --ca FILE", command[0]);
        }
    }

    [Theory]
    [InlineData("tail", "x")]
    [InlineData("sessions")]
    [InlineData("create", "x")]
    [InlineData("delete", "x")]
    [InlineData("verify", "x")]
    public async Task A_ca_that_cannot_be_used_is_a_wrong_command_line(params string[] command)
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["empty.pem"], "nothing");
        await File.WriteAllTextAsync(folder["broken.pem"], "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        foreach (var (file, complaint) in (IEnumerable<(string, string)>)[
            ("none.pem", "there is no file"), ("empty.pem", "has no certificate; it must be a PEM file"), ("broken.pem", "has a damaged certificate"), (".", "cannot be read")])
        {
            var wrong = await InMemoryCli.RunAsync(Api.BaseAddress, [.. command, "--ca", folder[file]]);
            wrong.Should().Match<InMemoryCli>(it => it.ExitCode == 2, wrong.Error);
            wrong.Error.Should().StartWith("relay: --ca: ").And.Contain(folder[file]).And.Contain(complaint);
        }
    }

    [Fact]
    public async Task The_environment_is_checked_alike_unless_the_command_line_says_otherwise()
    {
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["RELAY_CA"] = "/no/such/file.pem" };
        await using var wrong = await ChildProcess.Run(DotNet.Writer("run", "--session", "x", "--url", Url, "--", "true") with { Environment = environment });
        wrong.ExitCode.Should().Be(2, wrong.Describe());
        wrong.StderrText.Should().StartWith("relay-writer: $RELAY_CA: there is no file '/no/such/file.pem'.");
        await using var right = await ChildProcess.Run(DotNet.Cli("sessions", "--url", Url, "--ca", server.Authority.CaFile) with { Environment = environment });
        right.ExitCode.Should().Be(0, right.Describe());
    }

    [Fact]
    public async Task The_ids_of_sessions_are_completed_over_TLS()
    {
        var session = await Api.CreateSession(RelayApi.NewId("tabbed"));
        var completed = await InMemoryCli.RunAsync("complete", "--", "tail", "--url", Url, $"--ca={server.Authority.CaFile}", "tabbed");
        completed.Lines.Should().Contain(session);
        (await InMemoryCli.RunAsync("complete", "--", "tail", "--url", Url, "--ca", "/no/such/file", "tabbed")).Should().Be(new InMemoryCli(0, "", ""));
    }

    [Fact]
    public async Task A_job_whose_relay_is_not_trusted_runs_on_and_recover_delivers_it_with_ca()
    {
        using var tool = new WriterTool(Api.BaseAddress);
        var session = RelayApi.NewId();
        (await tool.Run(session, "echo kept; exit 5", "--flush-timeout", "500ms")).Should().Be(5);
        tool.Left.Should().ContainSingle();

        (await tool.Recover(tool.Spools, "--flush-timeout", "500ms")).Should().Be(1);
        tool.Out.Should().Contain("name its authority's certificate with --ca FILE");
        tool.Forget();
        (await tool.Recover(tool.Spools, "--ca", server.Authority.CaFile)).Should().Be(0, tool.Error);
        Encoding.UTF8.GetString(await Api.ReadAll(session)).Should().Be("kept\n");
    }

    [Fact]
    public async Task What_an_earlier_run_left_is_delivered_with_the_ca_of_this_one()
    {
        using var tool = new WriterTool(Api.BaseAddress);
        var session = RelayApi.NewId();
        await tool.Pipe(session, new MemoryStream("left\n"u8.ToArray()), "--flush-timeout", "500ms");
        tool.Left.Should().ContainSingle();
        (await tool.Run(session, "echo now", "--ca", server.Authority.CaFile)).Should().Be(0);
        Encoding.UTF8.GetString(await Api.ReadAll(session)).Should().Be("left\nnow\n", tool.Error);
    }

    [Fact]
    public async Task The_Python_examples_trust_it_by_option_and_by_environment()
    {
        var session = RelayApi.NewId();
        await using var writer = PythonExample.Trusting(server.Authority, "relay_writer.py", "--session", session, "--url", Url, "--", "sh", "-c", "echo from Python; exit 6");
        await writer.WaitForExit();
        writer.ExitCode.Should().Be(6, writer.Describe());
        writer.StderrText.Should().BeEmpty();
        await using var reader = PythonExample.Reader(session, Api.BaseAddress, "--ca", server.Authority.CaFile);
        await reader.WaitForExit();
        reader.ShouldHavePrinted("from Python\n"u8.ToArray(), [], 6, "the reader");
    }

    [Fact]
    public async Task The_Python_examples_say_what_they_do_not_trust()
    {
        using var other = new TestAuthority("Another authority");
        await using var writer = PythonExample.Trusting(other, "relay_writer.py", "--session", "x", "--url", Url, "--flush-timeout", "1", "--", "true");
        await writer.WaitForExit();
        writer.StderrText.Should().Contain("could not be reached: its certificate is not trusted, ");
        await using var reader = PythonExample.Reader("x", Api.BaseAddress);
        await reader.WaitForExit();
        reader.ExitCode.Should().Be(103, reader.Describe());
        reader.StderrText.Should().Contain("CERTIFICATE_VERIFY_FAILED");
        await using var wrong = PythonExample.Reader("x", Api.BaseAddress, "--ca", "/no/such/file.pem");
        await wrong.WaitForExit();
        wrong.ExitCode.Should().Be(2, wrong.Describe());
        wrong.StderrText.Should().StartWith("relay_reader: ca is '/no/such/file.pem'; it must be a PEM file with certificates");
    }
}
