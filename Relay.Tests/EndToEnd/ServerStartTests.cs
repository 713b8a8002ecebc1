using System.Globalization;
using System.Net;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.EndToEnd;

/// <summary>A server that cannot start says why, in a line a person can act on, and exits with an error.</summary>
[Trait("Category", "EndToEnd")]
public sealed class ServerStartTests
{
    [Fact]
    public async Task A_second_server_on_the_same_data_refuses_to_start()
    {
        await using var first = await RelayServerProcess.StartAsync();
        var session = await first.Api.CreateSession();

        await using var second = await Start(["--data", first.DataFolder]);

        second.ExitCode.Should().NotBe(0);
        Complaints(second).Should().ContainSingle(second.Describe()).Which.Should().Contain(first.DataFolder);
        await first.Api.Append(session, "still here"u8.ToArray());
        (await first.Api.ReadAll(session)).ShouldBeExactly("still here"u8.ToArray(), "the first server's session");
    }

    [Fact]
    public async Task A_port_that_is_taken_stops_the_start()
    {
        await using var first = await RelayServerProcess.StartAsync();
        using var folder = new TempFolder();

        await using var second = await ChildProcess.Run(
            DotNet.Server("--host", "127.0.0.1", "--port", first.Port.ToString(CultureInfo.InvariantCulture), "--data", folder["data"]));

        second.ExitCode.Should().NotBe(0);
        Complaints(second).Should().Contain(line => line.Contains($"{first.Port}", StringComparison.Ordinal), second.Describe());
    }

    [Theory]
    [InlineData("port", "--port", "70000")]
    [InlineData("port", "--port", "-1")]
    [InlineData("port", "--port", "http")]
    [InlineData("ttl", "--ttl", "0")]
    [InlineData("ttl", "--ttl", "-5")]
    [InlineData("ttl", "--ttl", "soon")]
    [InlineData("host", "--host", "not a host")]
    [InlineData("data", "--data", "/proc/no/such/place")]
    [InlineData("auth", "--auth", "maybe")]
    [InlineData("auth", "--auth", "1")]
    [InlineData("anonymous-networks", "--anonymous-networks", "10.0.0.0/99")]
    [InlineData("anonymous-networks", "--anonymous-networks", "everyone")]
    [InlineData("known-proxies", "--known-proxies", "proxy.example")]
    [InlineData("admin-keys-file", "--admin-keys-file", "/proc/no/such/file")]
    [InlineData("admin-keys-file", "--admin-keys-file", "/dev/null")]
    [InlineData("prot", "--prot=8160", null)]
    public async Task A_wrong_option_stops_the_start_with_one_line_that_names_it(string named, string option, string? value)
    {
        await using var server = await Start(value is null ? [option] : [option, value]);

        server.ExitCode.Should().NotBe(0);
        Complaints(server).Should().ContainSingle(server.Describe()).Which.Should().ContainEquivalentOf(named);
    }

    [Fact]
    public async Task All_that_is_wrong_is_said_at_once_a_line_each()
    {
        await using var server = await Start(
            ["--port", "http", "--ttl", "soon", "--bogus", "1", "--Storage:Fsync", "never", "--Streaming:BatchBytes", "1", "--Sessions:Ttl", "60"]);

        server.ExitCode.Should().Be(2);
        Complaints(server).Should().SatisfyRespectively(
            line => line.Should().Contain("--bogus"),
            line => line.Should().Contain("--port").And.Contain("'http'"),
            line => line.Should().Contain("--ttl").And.Contain("'soon'"),
            line => line.Should().Contain("Storage:Fsync").And.Contain("Interval, Group, Os"),
            line => line.Should().Contain("Sessions:Ttl").And.Contain("days"),
            line => line.Should().Contain("Streaming:BatchBytes").And.Contain("4096"));
    }

    [Fact]
    public async Task A_key_that_is_none_is_told_by_its_line_and_not_shown()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["keys"], "# for the cluster\n\nshort-secret\n" + new string('k', 32) + "\nwith a blank but of more than 32 characters\n");
        await using var server = await Start(["--admin-keys-file", folder["keys"]]);

        server.ExitCode.Should().Be(2);
        Complaints(server).Should().SatisfyRespectively(
            line => line.Should().Contain("Line 3").And.Contain("32–4096").And.Contain("it has 12").And.NotContain("secret"),
            line => line.Should().Contain("Line 5").And.Contain("character 5").And.NotContain("blank but"));
    }

    [Fact]
    public async Task Keys_of_the_environment_and_of_a_file_both_count()
    {
        using var folder = new TempFolder();
        var (ofFile, ofEnvironment) = (new string('f', 32), new string('e', 32));
        await File.WriteAllTextAsync(folder["keys"], $"# for the cluster\n  {ofFile}  \n");
        var port = Ports.Reserve();
        var command = DotNet.Server("--host", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture), "--data", folder["data"], "--admin-keys-file", folder["keys"]);
        await using var server = ChildProcess.Start(
            command with { Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["RELAY_ADMIN_KEYS"] = $"{new string('x', 40)}, {ofEnvironment}" } });
        using var api = new RelayApi(new Uri($"http://127.0.0.1:{port}"));
        await Eventually.True(async () => (await api.Http.GetAsync("/health")).IsSuccessStatusCode, "the server is healthy", TimeSpan.FromSeconds(60), server.Describe);

        foreach (var (key, status) in new[] { (ofFile, HttpStatusCode.OK), (ofEnvironment, HttpStatusCode.OK), (new string('y', 40), HttpStatusCode.Unauthorized) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/logging_session") { Headers = { Authorization = new("Bearer", key) } };
            using var answer = await api.Http.SendAsync(request);
            answer.StatusCode.Should().Be(status);
        }
    }

    [Fact]
    public async Task Too_few_file_handles_stop_the_start_with_one_line()
    {
        using var folder = new TempFolder();
        var command = DotNet.Server("--port", "0", "--data", folder["data"]);

        await using var server = await ChildProcess.Run(new ChildCommand("bash", ["-c", "ulimit -n 400; exec \"$@\"", "bash", command.FileName, .. command.Arguments]));

        server.ExitCode.Should().Be(2);
        Complaints(server).Should().ContainSingle(server.Describe()).Which.Should().Contain("400").And.Contain("512");
    }

    [Fact]
    public async Task The_settings_file_is_read_and_what_is_wrong_in_it_is_said()
    {
        using var folder = new TempFolder();
        var command = DotNet.Server("--host", "127.0.0.1");
        var program = command.Arguments[0];
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(program)!))
        {
            File.Copy(file, folder[Path.GetFileName(file)]);
        }

        await File.WriteAllTextAsync(folder["appsettings.json"], """{"Port": "from the file", "Ttl": "2h", "Storage": {"FsyncBytes": 1}}""");
        await using var server = await ChildProcess.Run(command with { Arguments = [folder[Path.GetFileName(program)], .. command.Arguments[1..]] });

        server.ExitCode.Should().Be(2);
        Complaints(server).Should().SatisfyRespectively(
            line => line.Should().Contain("--port").And.Contain("'from the file'"),
            line => line.Should().Contain("Storage:FsyncBytes"));
    }

    [Theory]
    [InlineData("port", "RELAY_PORT", "http")]
    [InlineData("ttl", "RELAY_TTL", "0")]
    public async Task A_wrong_environment_variable_does_so_too(string named, string variable, string value)
    {
        using var folder = new TempFolder();

        await using var server = await ChildProcess.Run(DotNet.Server("--data", folder["data"]) with
        {
            Environment = new Dictionary<string, string?> { [variable] = value },
        });

        server.ExitCode.Should().NotBe(0);
        Complaints(server).Should().ContainSingle(server.Describe()).Which.Should().ContainEquivalentOf(named);
    }

    [Fact]
    public async Task Every_wrong_option_gets_its_line()
    {
        await using var server = await Start(["--port", "70000", "--ttl", "0"]);

        server.ExitCode.Should().NotBe(0);
        Complaints(server).Should().HaveCount(2, server.Describe())
            .And.Contain(line => line.Contains("port", StringComparison.OrdinalIgnoreCase))
            .And.Contain(line => line.Contains("ttl", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task The_environment_sets_what_the_command_line_does_not()
    {
        using var folder = new TempFolder();
        var port = Ports.Reserve();
        await using var server = ChildProcess.Start(DotNet.Server("--port", $"{port}") with
        {
            Environment = new Dictionary<string, string?>
            {
                ["RELAY_HOST"] = "127.0.0.1",
                ["RELAY_PORT"] = "1",
                ["RELAY_DATA"] = folder["data"],
                ["RELAY_TTL"] = "120",
            },
        });
        using var api = new RelayApi(new Uri($"http://127.0.0.1:{port}"));

        string session = "";
        await Eventually.True(async () => (session = await api.CreateSession()).Length > 0, "it serves", TimeSpan.FromSeconds(60), server.Describe);

        var status = await api.Status(session);
        (status!.ExpiresAt - status.LastActivityAt).Should().BeCloseTo(TimeSpan.FromSeconds(120), TimeSpan.FromSeconds(1));
        Directory.Exists(folder["data"]).Should().BeTrue();
    }

    private static async Task<ChildProcess> Start(string[] given)
    {
        using var folder = new TempFolder();
        string[] defaults = ["--host", "127.0.0.1", "--port", "0", "--data", folder["data"]];
        var pairs = defaults.Chunk(2).Where(pair => !given.Contains(pair[0])).SelectMany(pair => pair).Concat(given);
        return await ChildProcess.Run(DotNet.Server([.. pairs]));
    }

    private static string[] Complaints(ChildProcess server) =>
        (server.StdoutText + "\n" + server.StderrText).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
