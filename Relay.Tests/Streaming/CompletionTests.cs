using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR.Client;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Streaming;

/// <summary><c>POST /logging_session/{id}/complete</c>.</summary>
public sealed class CompletionTests(SharedRelay relay) : IClassFixture<SharedRelay>
{
    private static readonly byte[] Abc = "abc"u8.ToArray();

    private RelayApi Api => relay.Api;

    [Fact]
    public async Task Completing_ends_the_readers_and_tells_the_exit_code()
    {
        var session = await Written("r");
        using var follower = await Api.Http.GetAsync(RelayApi.ReadPath(session, query: "?follow=true"), HttpCompletionOption.ResponseHeadersRead);

        var answer = await Complete(session, $$"""{"run": "r", "exit_code": 3, "totals": {"stdout": {"bytes": 3, "crc32c": {{Crc32C.Append(0, Abc)}}}, "stderr": {"bytes": 0} } }""");

        answer.Should().BeEquivalentTo(new { Status = "ok", SessionId = session, ExitCode = 3 });
        answer.Outputs.Should().BeEquivalentTo(new Dictionary<string, object>
        {
            ["stdout"] = new { Bytes = 3L, Verdict = "verified" },
            ["stderr"] = new { Bytes = 0L, Verdict = "unchecked" },
        });
        (await Eventually.Done(follower.Content.ReadAsByteArrayAsync(), "the followed body ends")).ShouldBeExactly(Abc, "the body");
        (await Api.Status(session)).Should().BeEquivalentTo(new { State = "completed", ExitCode = 3 });
    }

    [Theory]
    [InlineData("""{"bytes": 3}""", "unchecked")]
    [InlineData("""{"bytes": 4}""", "mismatch")]
    [InlineData("""{"bytes": 3, "crc32c": 1}""", "mismatch")]
    [InlineData("""{"bytes": 3, "crc32c": null}""", "unchecked")]
    public async Task Totals_are_compared_as_far_as_they_go(string total, string verdict)
    {
        var session = await Written("r");

        var answer = await Complete(session, $$$"""{"run": "r", "totals": {"stdout": {{{total}}}}}""");

        answer.Outputs["stdout"].Verdict.Should().Be(verdict);
        answer.ExitCode.Should().BeNull();
    }

    [Fact]
    public async Task The_same_run_may_complete_again_and_gets_the_first_answer_and_nobody_else_may()
    {
        var session = await Written("r");
        var first = await Complete(session, """{"run": "r", "exit_code": 3}""");

        (await Complete(session, """{"run": "r", "exit_code": 4}""")).Should().BeEquivalentTo(first);
        using var other = await Post(session, """{"run": "other", "exit_code": 0}""");
        await Problem.Of(other, HttpStatusCode.Conflict, "session_completed");
        using var write = await Api.Put(session, "stdout", Abc, "?offset=3&run=r");
        await Problem.Of(write, HttpStatusCode.Conflict, "session_completed");
    }

    [Theory]
    [InlineData("""{"run": "other"}""")]
    [InlineData("""{"exit_code": 0}""")]
    [InlineData(null)]
    public async Task While_another_run_writes_the_session_is_not_completed(string? body)
    {
        var session = await Api.CreateSession();
        await using var writer = await Api.Writer(session, "stderr");

        using var refused = await Post(session, body);

        await Problem.Of(refused, HttpStatusCode.Conflict, "writer_already_connected");
        await writer.Send("undisturbed");
        await Eventually.True(async () => (await Api.Status(session))!.Outputs["stderr"].Bytes == 11, "the writer goes on");
    }

    [Fact]
    public async Task Without_a_body_a_session_that_nobody_writes_to_is_completed_without_an_exit_code()
    {
        var session = await Written("r");

        using var answer = await Post(session, null);

        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        (await Api.Status(session)).Should().BeEquivalentTo(new { State = "completed", ExitCode = (int?)null });
    }

    [Fact]
    public async Task A_run_writes_both_outputs_side_by_side_and_its_completion_takes_over_what_is_still_open()
    {
        var session = await Api.CreateSession();
        using var stdout = new EndlessBody("out");
        using var stderr = new EndlessBody("err");
        var requests = new[] { ("stdout", stdout), ("stderr", stderr) }
            .Select(pair => Api.Send(HttpMethod.Put, RelayApi.WritePath(session, pair.Item1, "?offset=0&run=r"), pair.Item2)).ToList();
        await Eventually.True(async () => (await Api.Status(session))!.Outputs.Values.All(output => output is { State: "open", Bytes: 3 }), "both outputs are open at a time");

        var answer = await Complete(session, """{"run": "r", "exit_code": 0, "totals": {"stdout": {"bytes": 3}, "stderr": {"bytes": 3}}}""");

        answer.Outputs.Values.Should().OnlyContain(output => output.Bytes == 3 && output.Verdict == "unchecked");
        stdout.End();
        stderr.End(); // HttpClient hands an answer out when the request is whole.
        foreach (var request in requests)
        {
            using var refused = await request;
            await Problem.Of(refused, HttpStatusCode.Conflict, "fenced");
        }
    }

    [Fact]
    public async Task Watchers_hear_of_the_completion()
    {
        var session = await Written("r");
        await using var hub = await HubPeer.ConnectAsync(relay.Host);
        var events = new System.Collections.Concurrent.ConcurrentQueue<PresenceEvent>();
        hub.Connection.On<PresenceEvent>(HubRoutes.Presence, events.Enqueue);
        await hub.Connection.InvokeAsync(HubRoutes.Watch, new WatchRequest { Session = session });

        await Complete(session, """{"run": "r", "exit_code": 5}""");

        await Eventually.True(
            () => events.Any(e => e is { Kind: PresenceKind.SessionCompleted, ExitCode: 5 }) && events.Count(e => e.Kind == PresenceKind.OutputEnded) == 2,
            "the end of both outputs and of the session is published");
    }

    [Theory]
    [InlineData("{\"run\":", 422, "invalid_request")]
    [InlineData("""{"exit_code": "three"}""", 422, "invalid_request")]
    [InlineData("""{"exit_code": 3.5}""", 422, "invalid_request")]
    [InlineData("""["r"]""", 422, "invalid_request")]
    [InlineData("""{"run": "r", "totals": {"stdout": {}}}""", 422, "invalid_request")]
    [InlineData("""{"run": "r", "totals": {"stdout": {"bytes": 3, "crc32c": -1}}}""", 422, "invalid_request")]
    [InlineData("""{"run": "r", "totals": {"stdout": {"bytes": -1}}}""", 400, "invalid_request")]
    [InlineData("""{"run": "r", "totals": {"stdout": null}}""", 400, "invalid_request")]
    [InlineData("""{"totals": {"stdout": {"bytes": 3}}}""", 400, "invalid_request")]
    [InlineData("""{"run": ""}""", 400, "invalid_request")]
    [InlineData("""{"run": "r", "totals": {"log": {"bytes": 3}}}""", 400, "unknown_output")]
    public async Task A_wrong_body_is_refused_and_changes_nothing(string body, int status, string code)
    {
        var session = await Api.CreateSession();

        using var refused = await Post(session, body);

        var problem = await Problem.Of(refused, (HttpStatusCode)status, code);
        (await Api.Status(session)).Should().BeEquivalentTo(new { State = "live" });
        if (status == 422)
        {
            problem.Detail.Should().Contain("\"exit_code\"", "the example is one of this route");
        }
    }

    [Fact]
    public async Task A_session_that_is_not_there_cannot_be_completed()
    {
        var deleted = await Api.CreateSession();
        using var deletion = await Api.Send(HttpMethod.Delete, RelayApi.SessionPath(deleted));

        using var gone = await Post(deleted, null);
        using var unknown = await Post("never-created", null);

        await Problem.Of(gone, HttpStatusCode.Gone, "session_deleted");
        await Problem.Of(unknown, HttpStatusCode.NotFound, "session_not_found");
    }

    [Fact]
    public async Task The_description_of_the_interface_has_the_route()
    {
        var description = await Api.Http.GetFromJsonAsync<JsonElement>("/openapi/v1.json");

        description.GetProperty("paths").GetProperty("/logging_session/{id}/complete").TryGetProperty("post", out _).Should().BeTrue();
    }

    private async Task<string> Written(string run)
    {
        var session = await Api.CreateSession();
        using var answer = await Api.Put(session, "stdout", Abc, $"?offset=0&run={run}");
        answer.EnsureSuccessStatusCode();
        return session;
    }

    private Task<HttpResponseMessage> Post(string session, string? body) => Api.Send(
        HttpMethod.Post, $"{RelayApi.SessionPath(session)}/complete", body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"));

    private async Task<CompletionAnswer> Complete(string session, string body)
    {
        using var answer = await Post(session, body);
        answer.StatusCode.Should().Be(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<CompletionAnswer>())!;
    }

    /// <summary>Sends a text and then stays open.</summary>
    private sealed class EndlessBody(string text) : HttpContent
    {
        private readonly TaskCompletionSource _end = new();

        public void End() => _end.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(text));
            await stream.FlushAsync();
            await _end.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            End();
            base.Dispose(disposing);
        }
    }
}
