using System.Net.Http.Json;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR.Client;
using Relay.Contracts;
using Relay.Tests.Cli;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Sessions;

/// <summary>The stream that a dashboard's list lives on.</summary>
public sealed class SessionsStreamTests
{
    [Fact]
    public async Task It_tells_of_every_session_then_of_what_changes_and_of_what_goes()
    {
        await using var relay = await RelayHost.StartAsync();
        await relay.Api.CreateSession("old");
        await using var watch = await Watch(relay);

        (await watch.Next()).Should().Match<SessionsBatch>(batch => batch.IsComplete && batch.Changed.Single().SessionId == "old");

        (await relay.Api.Send(HttpMethod.Post, "/logging_session", JsonContent.Create(new { session_id = "new", labels = new { team = "é" } }))).EnsureSuccessStatusCode();
        (await watch.Next(session => session.SessionId == "new")).Labels.Should().Contain("team", "é");

        await Job.Complete(relay, "new", "123456789", exitCode: 3);
        var completed = await watch.Next(session => session.State == "completed");
        completed.Should().BeEquivalentTo(new { SessionId = "new", ExitCode = 3 });
        completed.CompletedAt.Should().BeAfter(completed.CreatedAt);
        completed.Outputs["stdout"].Should().BeEquivalentTo((await relay.Api.Status("new"))!.Outputs["stdout"]);

        await relay.Api.Send(HttpMethod.Delete, RelayApi.SessionPath("old"));
        (await watch.Next(batch => batch.Gone.Count > 0)).Gone.Should().Equal(new GoneSession("old", EndReason.Deleted));
    }

    [Fact]
    public async Task A_writer_that_vanished_is_told_apart_from_one_that_left()
    {
        await using var relay = await RelayHost.StartAsync();
        await relay.Api.CreateSession("s");
        await using var watch = await Watch(relay);
        var peer = await HubPeer.ConnectAsync(relay);
        using var upload = await peer.WriteAsync(new WriteRequest { Session = "s", RunId = "run" });
        (await watch.Next(session => session.Outputs["stdout"].Writer is not null)).Outputs["stdout"].IsWriterLost.Should().BeFalse();

        await peer.DisposeAsync();

        (await watch.Next(session => session.Outputs["stdout"].Writer is null)).Outputs["stdout"].IsWriterLost.Should().BeTrue();
    }

    [Fact]
    public async Task Thousands_of_sessions_are_told_in_pieces()
    {
        await using var relay = await RelayHost.StartAsync();
        for (var i = 0; i < 1100; i++)
        {
            await relay.Api.CreateSession($"s{i}");
        }

        await using var watch = await Watch(relay);
        List<SessionsBatch> batches = [await watch.Next(), await watch.Next(), await watch.Next()];

        batches.Select(batch => batch.IsComplete).Should().Equal(false, false, true);
        batches.SelectMany(batch => batch.Changed).Select(session => session.SessionId).Should().OnlyHaveUniqueItems().And.HaveCount(1100);
    }

    private static async Task<SessionsPeer> Watch(RelayHost relay) => new(await HubPeer.ConnectAsync(relay));

    private sealed class SessionsPeer(HubPeer peer) : IAsyncDisposable
    {
        private readonly IAsyncEnumerator<SessionsBatch> _batches =
            peer.Connection.StreamAsync<SessionsBatch>(HubRoutes.Sessions, new SessionsRequest()).GetAsyncEnumerator();

        public async Task<SessionsBatch> Next()
        {
            (await Eventually.Done(_batches.MoveNextAsync().AsTask(), "a batch of sessions comes")).Should().BeTrue();
            return _batches.Current;
        }

        public async Task<SessionsBatch> Next(Predicate<SessionsBatch> wanted)
        {
            while (true)
            {
                if (await Next() is var batch && wanted(batch))
                {
                    return batch;
                }
            }
        }

        public async Task<SessionStatus> Next(Func<SessionStatus, bool> wanted) =>
            (await Next(batch => batch.Changed.Any(wanted))).Changed.First(wanted);

        public ValueTask DisposeAsync() => peer.DisposeAsync();
    }
}
