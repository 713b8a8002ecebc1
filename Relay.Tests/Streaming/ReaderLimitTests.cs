using System.Net;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Streaming;

/// <summary>A session has so many readers at a time, over all transports.</summary>
public sealed class ReaderLimitTests
{
    [Fact]
    public async Task Readers_beyond_the_limit_are_refused_on_every_transport()
    {
        await using var relay = await StartAsync(most: 2);
        var session = await relay.Api.CreateSession();
        await using var hub = await HubPeer.ConnectAsync(relay);
        var reader = await relay.Api.Reader(session);
        using var body = await relay.Api.Http.GetAsync(RelayApi.ReadPath(session, query: "?follow=true"), HttpCompletionOption.ResponseHeadersRead);

        using (var socket = await relay.Api.Handshake(RelayApi.ReadPath(session)))
        {
            (await Problem.Of(socket, HttpStatusCode.ServiceUnavailable, "limit_reached")).Detail.Should().Contain("Streaming:MaxReadersPerSession");
            socket.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(1));
        }

        using (var http = await relay.Api.Send(HttpMethod.Get, RelayApi.ReadPath(session)))
        {
            await Problem.Of(http, HttpStatusCode.ServiceUnavailable, "limit_reached");
        }

        using (var text = await relay.Api.Send(HttpMethod.Get, $"/logs/{session}/text"))
        {
            await Problem.Of(text, HttpStatusCode.ServiceUnavailable, "limit_reached");
        }

        var refused = await hub.Awaiting(it => it.ReadAsync(new ReadRequest { Session = session })).Should().ThrowAsync<HubException>();
        RelayException.FromWire(refused.Which.Message).Code.Should().Be(RelayErrorCode.LimitReached);
        (await relay.Api.Status(session))!.Readers.Should().Be(2);
        (await hub.ReadAsync(new ReadRequest { Session = await relay.Api.CreateSession(), Follow = false })).Should().NotBeEmpty("another session has readers of its own");

        await reader.Close();
        await reader.DisposeAsync();
        await Eventually.True(async () => (await relay.Api.Status(session))!.Readers == 1, "its place is free");
        (await hub.ReadAsync(new ReadRequest { Session = session, Follow = false })).Should().NotBeEmpty();
    }

    [Fact]
    public async Task Of_many_that_come_at_once_as_many_are_served_as_may_be()
    {
        await using var relay = await StartAsync(most: 7);
        var session = await relay.Api.CreateSession();

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => relay.Api.Handshake(RelayApi.ReadPath(session))));

        answers.Count(answer => answer.StatusCode == HttpStatusCode.SwitchingProtocols).Should().Be(7);
        answers.Count(answer => answer.StatusCode == HttpStatusCode.ServiceUnavailable).Should().Be(43);
        Array.ForEach(answers, answer => answer.Dispose());
        await Eventually.True(async () => (await relay.Api.Status(session))!.Readers == 0, "all places are given back");
    }

    [Fact]
    public async Task A_read_that_is_refused_for_another_reason_takes_no_place()
    {
        await using var relay = await StartAsync(most: 1);
        var session = await relay.Api.CreateSession();
        for (var i = 0; i < 3; i++)
        {
            using var beyond = await relay.Api.Send(HttpMethod.Get, RelayApi.ReadPath(session, query: "?from=17"));
            beyond.StatusCode.Should().Be(HttpStatusCode.RequestedRangeNotSatisfiable);
        }

        (await relay.Api.ReadAll(session)).Should().BeEmpty();
    }

    private static Task<RelayHost> StartAsync(int most) => RelayHost.StartAsync(options => options.Settings["Streaming:MaxReadersPerSession"] = $"{most}");
}
