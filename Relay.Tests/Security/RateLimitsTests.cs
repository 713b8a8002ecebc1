using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Logging;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Security;

/// <summary>Who asks too often gets 429 and is told when to come again, and nobody else notices.</summary>
public sealed class RateLimitsTests : IDisposable
{
    private const string Key = "an-admin-key-of-at-least-32-characters";
    private const string OtherKey = "another-admin-key-of-32-characters-or-so";
    private readonly FakeTime _time = new();
    private readonly LogCollector _log = new();
    private readonly TempFolder _folder = new();

    public void Dispose()
    {
        _log.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Creations_beyond_the_burst_are_refused_until_the_time_that_is_told()
    {
        await using var relay = await StartAsync(("Limits:CreatesPerSecond", "1"), ("Limits:CreateBurst", "3"));
        await relay.Api.CreateSession("a");
        using (var again = await relay.Api.Send(HttpMethod.Put, RelayApi.SessionPath("a")))
        {
            again.StatusCode.Should().Be(HttpStatusCode.OK, "a PUT of one that exists counts, too");
        }

        using (var invalid = await relay.Api.Send(HttpMethod.Post, "/logging_session/%20a%0A"))
        {
            invalid.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        }

        using var refused = await relay.Api.Send(HttpMethod.Post, RelayApi.SessionPath("b"));
        var problem = await Problem.Of(refused, HttpStatusCode.TooManyRequests, "too_many_requests");
        problem.Detail.Should().Contain("Limits:CreatesPerSecond");
        var wait = refused.Headers.RetryAfter!.Delta!.Value;
        wait.Should().Be(TimeSpan.FromSeconds(1));
        (await relay.Api.Status("a")).Should().NotBeNull("what costs little goes on");

        _time.Advance(wait);
        await relay.Api.CreateSession("b");
    }

    [Fact]
    public async Task Every_way_to_connect_counts()
    {
        await using var relay = await StartAsync(("Limits:ConnectsPerSecond", "1"), ("Limits:ConnectBurst", "1"));
        await relay.Api.CreateSession("a");
        await relay.Api.Append("a", "text"u8.ToArray());
        (HttpMethod Method, string Path, bool IsSocket)[] ways =
        [
            (HttpMethod.Get, RelayApi.ReadPath("a"), true),
            (HttpMethod.Get, RelayApi.WritePath("a"), true),
            (HttpMethod.Get, HubRoutes.Logs, true),
            (HttpMethod.Post, $"{HubRoutes.Logs}/negotiate?negotiateVersion=1", false),
            (HttpMethod.Post, "/tickets", false),
            (HttpMethod.Get, RelayApi.ReadPath("a", query: "?follow=true"), false),
        ];
        foreach (var (method, path, isSocket) in ways)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            using var first = await relay.Api.Send(HttpMethod.Post, "/tickets");
            first.StatusCode.Should().Be(HttpStatusCode.OK);

            using var refused = isSocket ? await relay.Api.Handshake(path) : await relay.Api.Send(method, path);

            await Problem.Of(refused, HttpStatusCode.TooManyRequests, "too_many_requests");
            refused.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(1));
        }

        (await relay.Api.ReadAll("a")).Should().Equal("text"u8.ToArray(), "a read that does not stay is no connect");
    }

    [Fact]
    public async Task One_key_does_not_use_up_what_another_may_do_from_elsewhere()
    {
        await using var relay = await StartAsync(
            ("Limits:CreatesPerSecond", "1"), ("Limits:CreateBurst", "2"), ("known-proxies", "loopback"), ("admin-keys-file", KeysFile()));
        (await Create(relay, "a", Key, "10.0.0.1")).Should().Be(HttpStatusCode.OK);
        (await Create(relay, "b", Key, "10.0.0.2")).Should().Be(HttpStatusCode.OK);

        (await Create(relay, "c", Key, "10.0.0.3")).Should().Be(HttpStatusCode.TooManyRequests, "the key has used up what it may do, wherever it comes from");
        (await Create(relay, "c", OtherKey, "10.0.0.3")).Should().Be(HttpStatusCode.OK);
        (await Create(relay, "d", OtherKey, "10.0.0.3")).Should().Be(HttpStatusCode.OK);
        (await Create(relay, "e", OtherKey, "10.0.0.4")).Should().Be(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task Wrong_tokens_are_answered_with_429_after_the_burst_and_right_ones_always_pass()
    {
        await using var relay = await StartAsync(("Limits:FailedAuthPerMinute", "5"), ("admin-keys-file", KeysFile()));
        for (var i = 0; i < 5; i++)
        {
            using var wrong = await Get(relay, "/logging_session", $"wrong-{i}");
            wrong.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        }

        for (var i = 0; i < 20; i++)
        {
            using var tooMany = await Get(relay, "/logging_session", $"wrong-again-{i}");
            await Problem.Of(tooMany, HttpStatusCode.TooManyRequests, "too_many_requests");
            tooMany.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(12));
            using var right = await Get(relay, "/logging_session", Key);
            right.StatusCode.Should().Be(HttpStatusCode.OK, "a stranger behind the same address locks nobody out");
        }

        using (var none = await relay.Api.Send(HttpMethod.Get, "/logging_session"))
        {
            none.StatusCode.Should().Be(HttpStatusCode.Unauthorized, "who sends no token guesses none");
        }

        _time.Advance(TimeSpan.FromSeconds(12));
        using var later = await Get(relay, "/logging_session", "wrong");
        later.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Strangers_use_up_nothing_of_what_others_may_do_from_the_same_address()
    {
        await using var relay = await StartAsync(("Limits:CreatesPerSecond", "1"), ("Limits:CreateBurst", "1"), ("admin-keys-file", KeysFile()));
        for (var i = 0; i < 5; i++)
        {
            (await Create(relay, "a", "wrong", "10.0.0.1")).Should().Be(HttpStatusCode.Unauthorized);
        }

        (await Create(relay, "a", Key, null)).Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Who_goes_on_with_hub_calls_that_are_denied_loses_the_connection()
    {
        await using var relay = await StartAsync(("Limits:FailedAuthPerMinute", "3"), ("admin-keys-file", KeysFile()));
        using var made = await Send(relay, HttpMethod.Post, RelayApi.SessionPath("mine"), Key, null);
        var token = (await System.Net.Http.Json.HttpContentJsonExtensions.ReadFromJsonAsync<SessionAnswer>(made.Content))!.ReadToken!;
        (await Create(relay, "other", Key, null)).Should().Be(HttpStatusCode.OK);
        await using var peer = await HubPeer.ConnectAsync(relay.BaseAddress, token);
        var closed = new TaskCompletionSource();
        peer.Connection.Closed += _ =>
        {
            closed.TrySetResult();
            return Task.CompletedTask;
        };

        for (var i = 0; i < 3; i++)
        {
            var denied = await peer.Awaiting(it => it.ReadAsync(new ReadRequest { Session = "other" })).Should().ThrowAsync<HubException>();
            RelayException.FromWire(denied.Which.Message).Code.Should().Be(RelayErrorCode.Forbidden);
        }

        closed.Task.IsCompleted.Should().BeFalse();
        await peer.Awaiting(it => it.ReadAsync(new ReadRequest { Session = "other" })).Should().ThrowAsync<Exception>();
        await Eventually.Done(closed.Task, "the relay ends the connection");
    }

    [Fact]
    public async Task The_log_has_one_line_when_it_begins_and_one_with_the_count_when_it_is_over()
    {
        await using var relay = await StartAsync(("Limits:CreatesPerSecond", "1"), ("Limits:CreateBurst", "1"), ("Sessions:SweepInterval", "01:00:00"));
        for (var i = 0; i < 8; i++)
        {
            using var answer = await relay.Api.Send(HttpMethod.Put, RelayApi.SessionPath($"s{i}"));
        }

        _log.Warnings.Should().Equal("Too many creations from 127.0.0.1: those beyond the limit are refused");
        _time.Advance(TimeSpan.FromSeconds(20));

        _log.Warnings.Should().Equal(
            "Too many creations from 127.0.0.1: those beyond the limit are refused", "Too many creations from 127.0.0.1 is over: 7 were refused");
        using var next = await relay.Api.Send(HttpMethod.Put, RelayApi.SessionPath("next"));
        next.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    private string KeysFile()
    {
        File.WriteAllLines(_folder["keys"], [Key, OtherKey]);
        return _folder["keys"];
    }

    private Task<RelayHost> StartAsync(params (string Key, string Value)[] settings) => RelayHost.StartAsync(options =>
    {
        options.Time = _time;
        options.Customize = builder => builder.Logging.AddProvider(_log);
        foreach (var (key, value) in settings)
        {
            options.Settings[key] = value;
        }
    });

    private static async Task<HttpStatusCode> Create(RelayHost relay, string id, string token, string? from)
    {
        using var answer = await Send(relay, HttpMethod.Post, RelayApi.SessionPath(id), token, from);
        return answer.StatusCode;
    }

    private static Task<HttpResponseMessage> Get(RelayHost relay, string path, string token) => Send(relay, HttpMethod.Get, path, token, null);

    private static async Task<HttpResponseMessage> Send(RelayHost relay, HttpMethod method, string path, string token, string? from)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (from is not null)
        {
            request.Headers.Add("X-Forwarded-For", from);
        }

        return await Eventually.Done(relay.Http.SendAsync(request), $"{method} {path} is answered");
    }

    /// <summary>What the limits say.</summary>
    private sealed class LogCollector : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _warnings = new();

        public IReadOnlyCollection<string> Warnings => _warnings;

        public ILogger CreateLogger(string categoryName) => categoryName.EndsWith("Refusals", StringComparison.Ordinal) ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _warnings.Enqueue(formatter(state, exception));

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
