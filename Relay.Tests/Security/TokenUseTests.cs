using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Relay.Client;
using Relay.Contracts;
using Relay.Tests.Cli;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Security;

/// <summary>What people do with tokens.</summary>
public sealed class TokenUseTests(LockedRelay relay) : IClassFixture<LockedRelay>
{
    private RelayHost Host => relay.Host;

    [Fact]
    public async Task A_session_is_written_with_one_token_and_read_with_the_other()
    {
        var session = await relay.CreateAsync();
        using var writing = Client(session.WriteToken);
        await using (var writer = writing.OpenWriter(session.SessionId))
        {
            await writer.WriteAsync(OutputType.Stdout, "hello\n"u8.ToArray());
            await Eventually.Done(writer.CompleteAsync(3), "the job completes");
        }

        using var reading = Client(session.ReadToken);
        var entries = new List<LogEntry>();
        await foreach (var entry in reading.ReadAsync(session.SessionId))
        {
            entries.Add(entry with { Data = entry.Data.ToArray() });
        }

        Encoding.UTF8.GetString(entries[0].Data.Span).Should().Be("hello\n");
        entries[^1].ExitCode.Should().Be(3);
        (await reading.GetSessionAsync(session.SessionId))!.State.Should().Be("completed");
        (await Refusal(() => reading.ListSessionsAsync())).Should().Be(RelayErrorCode.Forbidden);
        (await Refusal(() => reading.DeleteSessionAsync(session.SessionId))).Should().Be(RelayErrorCode.Forbidden);
    }

    [Fact]
    public async Task A_writer_whose_token_is_wrong_is_refused_for_good()
    {
        var session = await relay.CreateAsync();
        using var client = Client(session.ReadToken);
        await using var writer = client.OpenWriter(session.SessionId);

        (await Refusal(() => Eventually.Done(writer.CompleteAsync(0), "the writer is refused"))).Should().Be(RelayErrorCode.Forbidden);
    }

    [Fact]
    public async Task A_reader_whose_token_is_wrong_is_refused_for_good_and_told_what_would_be_right()
    {
        var session = await relay.CreateAsync();
        using var client = Client(new string('x', 43));
        var read = client.Awaiting(it => it.ReadAsync(session.SessionId).GetAsyncEnumerator().MoveNextAsync().AsTask());

        (await read.Should().ThrowAsync<AccessDeniedException>()).Which.Message.Should().Contain("does not know this token").And.Contain("$RELAY_TOKEN");
    }

    [Fact]
    public async Task A_token_keeps_its_meaning_over_a_restart()
    {
        await using var own = await RelayHost.StartAsync(options => options.Settings["Security:AdminKeys"] = LockedRelay.AdminKey);
        using var admin = Client(LockedRelay.AdminKey, own);
        var tokens = (await admin.CreateSessionAsync("s"))!;
        await own.RestartAsync();

        using var reader = Client(tokens.Read, own);
        (await reader.GetSessionAsync("s"))!.SessionId.Should().Be("s");
    }

    [Fact]
    public async Task Clients_of_a_deleted_session_are_told_so_and_not_that_they_are_strangers()
    {
        var session = await relay.CreateAsync();
        using var admin = Client(LockedRelay.AdminKey);
        await admin.DeleteSessionAsync(session.SessionId);

        using var reader = Client(session.ReadToken);
        using var writer = Client(session.WriteToken);
        (await Refusal(() => reader.ReadAsync(session.SessionId).GetAsyncEnumerator().MoveNextAsync().AsTask())).Should().Be(RelayErrorCode.SessionDeleted);
        (await Refusal(() => writer.EnsureSessionAsync(session.SessionId))).Should().Be(RelayErrorCode.SessionDeleted, "it is not theirs to create");
    }

    [Fact]
    public async Task A_token_of_a_session_that_was_created_anew_is_worth_nothing_not_even_on_an_old_connection()
    {
        var session = await relay.CreateAsync();
        await using var hub = await HubPeer.ConnectAsync(new RelayClientOptions { Url = Host.BaseAddress, Token = session.ReadToken });
        using var admin = Client(LockedRelay.AdminKey);
        await admin.DeleteSessionAsync(session.SessionId);
        await admin.CreateSessionAsync(session.SessionId);

        using var reader = Client(session.ReadToken);
        (await Refusal(() => reader.GetSessionAsync(session.SessionId))).Should().Be(RelayErrorCode.Unauthorized);
        var late = hub.Awaiting(it => it.ReadAsync(new ReadRequest { Session = session.SessionId, Follow = false }));
        (await late.Should().ThrowAsync<HubException>()).Which.Message.Should().Contain("HubException: forbidden: ");
    }

    [Fact]
    public async Task A_token_that_was_right_when_the_request_began_does_not_touch_the_session_that_came_since()
    {
        var session = await relay.CreateAsync();
        using var late = await RawTcp.Connect(Host.BaseAddress);
        await late.Send($"POST {RelayApi.SessionPath(session.SessionId)}/complete HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {session.WriteToken}\r\n"
            + "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 17\r\n\r\n");
        (await late.ReadHead()).Should().StartWith("HTTP/1.1 100", "the token was looked at, and the body is waited for");
        using var admin = Client(LockedRelay.AdminKey);
        await admin.DeleteSessionAsync(session.SessionId);
        await admin.CreateSessionAsync(session.SessionId);
        await late.Send("{\"exit_code\": 66}");

        (await late.ReadUntil("session_replaced")).Should().Contain("HTTP/1.1 409");
        (await admin.GetSessionAsync(session.SessionId))!.State.Should().Be("live");
    }

    [Fact]
    public async Task Who_watches_with_a_token_hears_nothing_of_the_session_that_comes_after()
    {
        var session = await relay.CreateAsync();
        await using var stale = await HubPeer.ConnectAsync(new RelayClientOptions { Url = Host.BaseAddress, Token = session.ReadToken });
        await using var all = await HubPeer.ConnectAsync(new RelayClientOptions { Url = Host.BaseAddress, Token = LockedRelay.AdminKey });
        var (heard, expected) = (new ConcurrentQueue<PresenceKind>(), new ConcurrentQueue<PresenceKind>());
        foreach (var (peer, events) in new[] { (stale, heard), (all, expected) })
        {
            peer.Connection.On<PresenceEvent>(HubRoutes.Presence, happened => events.Enqueue(happened.Kind));
            await peer.Connection.InvokeAsync(HubRoutes.Watch, new WatchRequest { Session = session.SessionId });
        }

        using var admin = Client(LockedRelay.AdminKey);
        await admin.DeleteSessionAsync(session.SessionId);
        await admin.CreateSessionAsync(session.SessionId);
        await using (var writer = admin.OpenWriter(session.SessionId))
        {
            await Eventually.Done(writer.CompleteAsync(43), "the next session completes");
        }

        await Eventually.True(() => expected.Contains(PresenceKind.SessionCompleted), "who watches the id hears of it");
        await stale.Connection.InvokeAsync(HubRoutes.Unwatch, new WatchRequest { Session = session.SessionId });
        heard.Should().Equal(PresenceKind.SessionDeleted);
    }

    [Fact]
    public async Task A_ticket_makes_no_ticket()
    {
        var ticket = await relay.TicketAsync(LockedRelay.AdminKey);
        using var answer = await Host.Http.SendAsync(new Credentials(Ticket: ticket).Sign(HttpMethod.Post, "/tickets"));

        (await Problem.Of(answer, HttpStatusCode.Unauthorized, "unauthorized")).Detail.Should().Contain("for reading and for WebSockets only");
    }

    [Fact]
    public async Task The_hub_is_there_by_WebSocket_only()
    {
        using var negotiated = await Host.Http.SendAsync(new Credentials(LockedRelay.AdminKey).Sign(HttpMethod.Post, "/hubs/logs/negotiate?negotiateVersion=1"));
        var answer = await negotiated.Content.ReadAsStringAsync();

        answer.Should().Contain("WebSockets").And.NotContain("LongPolling").And.NotContain("ServerSentEvents");
    }

    [Fact]
    public async Task A_second_creation_shows_no_tokens()
    {
        using var admin = Client(LockedRelay.AdminKey);
        var id = RelayApi.NewId();

        (await admin.EnsureSessionAsync(id)).Should().NotBeNull();
        (await admin.EnsureSessionAsync(id)).Should().BeNull();
    }

    [Theory]
    [InlineData("read/stdout?")]
    [InlineData("text?times=true&")]
    public async Task A_ticket_is_good_for_one_download(string what)
    {
        var session = await relay.CreateAsync();
        var ticket = await relay.TicketAsync(session.ReadToken!);
        var url = $"/logs/{session.SessionId}/{what}ticket={ticket}";

        using var first = await Host.Http.GetAsync(url);
        using var second = await Host.Http.GetAsync(url);

        first.StatusCode.Should().Be(HttpStatusCode.OK);
        (await Problem.Of(second, HttpStatusCode.Unauthorized, "unauthorized")).Detail.Should().Contain("once, within 30 s");
    }

    [Fact]
    public async Task A_token_in_a_URL_is_refused_though_it_is_right()
    {
        var session = await relay.CreateAsync();
        using var answer = await Host.Http.GetAsync(RelayApi.ReadPath(session.SessionId, query: $"?access_token={session.ReadToken}"));

        (await Problem.Of(answer, HttpStatusCode.Unauthorized, "unauthorized")).Detail.Should().Contain("does not belong into a URL").And.NotContain(session.ReadToken);
    }

    [Fact]
    public async Task Another_scheme_than_Bearer_is_refused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/logging_session");
        request.Headers.TryAddWithoutValidation("Authorization", "Basic dXNlcjpwYXNz");
        using var answer = await Host.Http.SendAsync(request);

        (await Problem.Of(answer, HttpStatusCode.Unauthorized, "unauthorized")).Detail.Should().Contain("bearer tokens only");
    }

    [Fact]
    public async Task The_JavaScript_reader_changes_its_token_for_a_ticket()
    {
        var session = await relay.CreateAsync();
        using (var put = new Credentials(session.WriteToken).Sign(HttpMethod.Put, RelayApi.WritePath(session.SessionId)))
        {
            put.Content = new StringContent("for the page\n");
            (await Host.Http.SendAsync(put)).EnsureSuccessStatusCode();
        }

        (await RunPage(session.ReadToken!)).Should().Be("""{"read":"for the page\n"}""");
        (await RunPage(session.WriteToken!)).Should().Be("""{"refused":"forbidden"}""");
        (await RunPage("nonsense")).Should().Be("""{"refused":"unauthorized"}""");

        async Task<string> RunPage(string token) =>
            (await NodePeer.RunAsync("ticket-peer.mjs", [Host.BaseAddress.ToString(), session.SessionId, token], [], TimeSpan.FromSeconds(60))).Single();
    }

    [Fact]
    public async Task The_tools_say_what_is_wrong_with_a_token()
    {
        await using var without = await ChildProcess.Run(DotNet.Cli("sessions", "--url", Host.BaseAddress.AbsoluteUri));
        without.ExitCode.Should().Be(100);
        without.StderrText.Should().Contain("The request has no token.").And.Contain("$RELAY_TOKEN");
        var tail = DotNet.Cli("tail", "nightly", "--url", Host.BaseAddress.AbsoluteUri);
        await using var wrong = await ChildProcess.Run(tail with { Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["RELAY_TOKEN"] = "nonsense" } });
        wrong.ExitCode.Should().Be(100);
        wrong.StderrText.Should().Contain("does not know this token");
    }

    [Fact]
    public async Task What_a_job_printed_under_a_wrong_token_is_kept_and_delivered_with_the_right_one()
    {
        using var folder = new TempFolder();
        var session = await relay.CreateAsync();
        await using var job = await Write(session.ReadToken!, "run", "--session", session.SessionId, "--url", Host.BaseAddress.AbsoluteUri, "--", "echo", "kept");
        job.ExitCode.Should().Be(0);
        job.StderrText.Should().Contain("This takes the session's write token").And.Contain(" and a token that allows it");
        await using var recovery = await Write(session.WriteToken!, "recover");

        recovery.ExitCode.Should().Be(0, recovery.Describe());
        using var answer = await Host.Http.SendAsync(new Credentials(session.ReadToken).Sign(HttpMethod.Get, RelayApi.ReadPath(session.SessionId)));
        (await answer.Content.ReadAsStringAsync()).Should().Be("kept\n");

        Task<ChildProcess> Write(string token, params string[] arguments) => ChildProcess.Run(DotNet.Writer(arguments) with
        {
            Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["RELAY_TOKEN"] = token, ["RELAY_SPOOL"] = folder.Path },
        });
    }

    [Fact]
    public async Task What_is_kept_of_a_token_is_its_hash()
    {
        var session = await relay.CreateAsync();

        var files = Directory.EnumerateFiles(Host.DataFolder, "manifest*.json", SearchOption.AllDirectories).Select(File.ReadAllText).ToList();

        files.Should().NotBeEmpty().And.OnlyContain(text => !text.Contains(session.WriteToken!) && !text.Contains(session.ReadToken!) && !text.Contains(LockedRelay.AdminKey));
        session.WriteToken.Should().MatchRegex("^[A-Za-z0-9_-]{43}$").And.NotBe(session.ReadToken);
    }

    [Fact]
    public void The_data_folder_is_for_the_user_of_the_relay_only() =>
        new DirectoryInfo(Host.DataFolder).UnixFileMode.Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    [Fact]
    public async Task Answers_with_tokens_are_for_no_cache()
    {
        using var create = await Host.Http.SendAsync(new Credentials(LockedRelay.AdminKey).Sign(HttpMethod.Post, RelayApi.SessionPath(RelayApi.NewId())));
        using var ticket = await Host.Http.SendAsync(new Credentials(LockedRelay.AdminKey).Sign(HttpMethod.Post, "/tickets"));

        create.Headers.CacheControl!.NoStore.Should().BeTrue();
        ticket.Headers.CacheControl!.NoStore.Should().BeTrue();
    }

    private RelayClient Client(string? token, RelayHost? of = null) => new(new RelayClientOptions { Url = (of ?? Host).BaseAddress, Token = token });

    private static async Task<RelayErrorCode> Refusal(Func<Task> call) => (await call.Should().ThrowAsync<RelayException>()).Which.Code;
}
