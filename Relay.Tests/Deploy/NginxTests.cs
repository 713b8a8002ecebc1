using System.Net;
using System.Text;
using FluentAssertions;
using Relay.Client;
using Relay.Contracts;
using Relay.Tests.Security;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Deploy;

/// <summary>Programs use the relay below a path of a host, through Debian's nginx with the site that is shipped.</summary>
public sealed class NginxTests(RelayBehindNginx relay) : IClassFixture<RelayBehindNginx>
{
    private readonly string _session = RelayApi.NewId();

    private RelayApi Api => relay.Api;

    [Fact]
    public async Task A_line_is_read_before_the_request_that_writes_it_ends()
    {
        await Api.CreateSession(_session);
        using var body = new OpenBody();
        var writing = Api.Send(HttpMethod.Put, RelayApi.WritePath(_session), body);
        using var reading = await Eventually.Done(
            Api.Http.GetAsync(Api.Url(RelayApi.ReadPath(_session, query: "?follow=true")), HttpCompletionOption.ResponseHeadersRead), "the reader is let in");
        var read = await reading.Content.ReadAsStreamAsync();

        foreach (var line in new[] { "first\n", "second\n" })
        {
            await body.Write(line);
            var bytes = new byte[line.Length];
            await Eventually.Done(read.ReadExactlyAsync(bytes).AsTask(), $"'{line.Trim()}' is read");
            Encoding.ASCII.GetString(bytes).Should().Be(line);
            writing.IsCompleted.Should().BeFalse("the request goes on");
        }

        body.End();
        using var answer = await writing;
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_client_library_reads_what_it_writes_while_the_job_runs()
    {
        using var client = RelayBehindNginx.Client(relay.Site);
        await using var writer = client.OpenWriter(_session);
        await using var reading = client.ReadAsync(_session, new ReadOptions { WaitForSession = true }).GetAsyncEnumerator();
        for (var i = 0; i < 3; i++)
        {
            await writer.WriteAsync(OutputType.Stdout, Encoding.ASCII.GetBytes($"line {i}\n"));
            Encoding.ASCII.GetString((await Next(reading)).Data.Span).Should().Be($"line {i}\n");
        }

        await Eventually.Done(writer.CompleteAsync(5), "the completion is answered");
        var end = await Next(reading);

        (end.Kind, end.ExitCode).Should().Be((LogEntryKind.End, 5));
        (await client.ListSessionsAsync()).Should().Contain(session => session.SessionId == _session && session.ExitCode == 5);
    }

    [Fact]
    public async Task A_restart_of_the_relay_costs_the_client_library_no_line()
    {
        await using var host = await RelayHost.StartAsync(RelayBehindNginx.Configure);
        await using var site = await NginxSite.StartAsync(host.BaseAddress);
        using var client = RelayBehindNginx.Client(site);
        await using var writer = client.OpenWriter(_session);
        await using var reading = client.ReadAsync(_session, new ReadOptions { WaitForSession = true }).GetAsyncEnumerator();
        await writer.WriteAsync(OutputType.Stdout, "before\n"u8.ToArray());
        (await Next(reading)).Data.ToArray().Should().Equal("before\n"u8.ToArray());

        await host.RestartAsync();
        await writer.WriteAsync(OutputType.Stdout, "after\n"u8.ToArray());

        (await Next(reading)).Data.ToArray().Should().Equal("after\n"u8.ToArray());
    }

    [Fact]
    public async Task Raw_websockets_go_both_ways()
    {
        await Api.CreateSession(_session);
        await using var reader = await Api.Connect(RelayApi.ReadPath(_session, query: $"?ticket={await Ticket()}"));
        await using var writer = await Api.Connect(RelayApi.WritePath(_session, "stdout", $"?ticket={await Ticket()}"));

        await writer.Send("a line\n");

        (await reader.Receive())!.Text.Should().Be("a line\n");
    }

    [Fact]
    public async Task The_tools_take_the_path_from_RELAY_URL()
    {
        using var folder = new TempFolder();
        var surroundings = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["RELAY_URL"] = relay.Site.Relay.AbsoluteUri.TrimEnd('/'),
            ["RELAY_TOKEN"] = LockedRelay.AdminKey,
            ["RELAY_SPOOL"] = folder["spool"],
        };
        await using var writer = ChildProcess.Start(DotNet.Writer("run", "--session", _session, "--", "sh", "-c", "echo one; read go; echo two; exit 3") with { Environment = surroundings });
        await using var tail = ChildProcess.Start(DotNet.Cli("tail", _session, "--wait") with { Environment = surroundings });

        await tail.Printed("one\n");
        await writer.WriteLine("go");

        (await writer.WaitForExit()).Should().Be(3, writer.Describe());
        (await tail.WaitForExit()).Should().Be(3, tail.Describe());
        tail.StdoutText.Should().Be("one\ntwo\n");
        foreach (var (command, said) in new[] { (DotNet.Cli("sessions"), _session), (DotNet.Cli("search", _session, "tw"), "2:two"), (DotNet.Cli("verify", _session), "complete") })
        {
            await using var tool = await ChildProcess.Run(command with { Environment = surroundings });
            tool.ExitCode.Should().Be(0, tool.Describe());
            tool.StdoutText.Should().Contain(said);
        }

        await using var python = await ChildProcess.Run(
            new ChildCommand(PythonPeer.Interpreter, Repository.PathOf("examples", "python", "relay_reader.py"), _session) { Environment = surroundings });
        (python.ExitCode, python.StdoutText).Should().Be((3, "one\ntwo\n"), python.Describe());
    }

    [Fact]
    public async Task A_session_has_the_name_that_it_was_given_and_a_body_any_size()
    {
        var name = RelayApi.NewId("täglich 100%25 ?#+");
        var body = new byte[3 * 1024 * 1024];
        Random.Shared.NextBytes(body);

        using var created = await Api.Send(HttpMethod.Put, RelayApi.SessionPath(name));
        await Api.Append(name, body);

        created.StatusCode.Should().Be(HttpStatusCode.OK);
        (await Api.Status(name))!.SessionId.Should().Be(name);
        (await Api.ReadAll(name)).ShouldBeExactly(body, "stdout");
    }

    [Theory]
    [InlineData("/", HttpStatusCode.OK)]
    [InlineData("/health", HttpStatusCode.NotFound)]
    [InlineData("/relayed/health", HttpStatusCode.NotFound)]
    [InlineData("/relay/../health", HttpStatusCode.NotFound)]
    [InlineData("/relay/%2e%2e/health", HttpStatusCode.NotFound)]
    [InlineData("/relay", HttpStatusCode.MovedPermanently)]
    [InlineData("/relay/health", HttpStatusCode.OK)]
    public async Task The_relay_has_its_path_and_the_host_the_rest(string path, HttpStatusCode status)
    {
        using var client = await RawTcp.Connect(relay.Site.Host); // Another would tidy up the path itself.
        await client.Send($"GET {path} HTTP/1.1\r\nHost: {relay.Site.Host.Authority}\r\nConnection: close\r\n\r\n");

        var answer = await client.ReadToEnd();

        answer.Should().StartWith($"HTTP/1.1 {(int)status} ");
        answer.Contains("SparkLogRelay", StringComparison.Ordinal).Should().Be(path == "/relay/health");
        answer.Contains(NginxSite.OtherPage, StringComparison.Ordinal).Should().Be(path == "/");
        if (status == HttpStatusCode.MovedPermanently)
        {
            answer.Should().Contain($"Location: {relay.Site.Relay}\r\n");
        }
    }

    [Theory]
    [InlineData("127.0.0.1", null, null)]
    [InlineData("127.0.0.1", "loopback", null)]
    [InlineData("127.0.0.1", "loopback,10.0.0.0/8", "10.1.2.3")]
    [InlineData("none", null, null)]
    [InlineData("none", "loopback,10.0.0.0/8", "10.1.2.3")]
    public async Task Nobody_is_of_the_relays_own_machine_because_nginx_is(string proxies, string? networks, string? claimed)
    {
        await using var host = await RelayHost.StartAsync(options =>
        {
            options.Settings["path-base"] = "/relay";
            options.Settings["known-proxies"] = proxies;
            if (networks is not null)
            {
                options.Settings["anonymous-networks"] = networks;
            }
        });
        await using var site = await NginxSite.StartAsync(host.BaseAddress);
        using var stranger = new RelayApi(site.Relay);
        if (claimed is not null)
        {
            stranger.Http.DefaultRequestHeaders.Add("X-Forwarded-For", claimed);
        }

        using var refused = await stranger.Send(HttpMethod.Get, "/logging_session");
        using var direct = await RawTcp.Connect(host.BaseAddress, IPAddress.Parse("127.0.0.9"));
        await direct.Send($"GET /relay/logging_session HTTP/1.1\r\nHost: {host.BaseAddress.Authority}\r\nConnection: close\r\n\r\n");

        refused.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        (await direct.ReadToEnd()).Should().StartWith("HTTP/1.1 200 ", "who is on the relay's machine needs no token here, or the refusal says nothing");
    }

    [Fact]
    public async Task With_its_lines_for_TLS_the_relay_knows_that_it_was_called_by_https()
    {
        using var authority = new TestAuthority();
        await using var site = await NginxSite.StartAsync(relay.Host.BaseAddress, authority.Issue());
        using var api = RelayBehindNginx.Administrator(site, authority);
        using var own = new HttpRequestMessage(HttpMethod.Post, api.Url("/tickets"));
        own.Headers.Add("Origin", site.Host.GetLeftPart(UriPartial.Authority));
        using var plain = new HttpRequestMessage(HttpMethod.Post, api.Url("/tickets"));
        plain.Headers.Add("Origin", $"http://{site.Host.Authority}");

        using var taken = await api.Http.SendAsync(own);
        using var refused = await api.Http.SendAsync(plain);

        taken.StatusCode.Should().Be(HttpStatusCode.OK);
        refused.StatusCode.Should().Be(HttpStatusCode.Forbidden, "it is a page of another origin");
    }

    private static async Task<LogEntry> Next(IAsyncEnumerator<LogEntry> reading)
    {
        (await Eventually.Done(reading.MoveNextAsync().AsTask(), "the next entry arrives")).Should().BeTrue();
        return reading.Current;
    }

    private async Task<string> Ticket()
    {
        using var answer = await Api.Send(HttpMethod.Post, "/tickets");
        using var document = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return document.RootElement.GetProperty("ticket").GetString()!;
    }
}
