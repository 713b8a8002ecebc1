using System.Collections.Concurrent;
using FluentAssertions;
using Relay.Client;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Client;

public sealed class SessionWaitTests(SharedRelay relay) : IClassFixture<SharedRelay>
{
    [Fact]
    public async Task A_reader_tells_that_it_waits_and_that_it_waits_no_longer()
    {
        var session = RelayApi.NewId();
        using var client = new RelayClient(relay.Host.BaseAddress);
        var changes = new ConcurrentQueue<ConnectionState>();
        var options = new ReadOptions { WaitForSession = true, OnConnectionChange = change => changes.Enqueue(change.State) };
        await using var reading = client.ReadAsync(session, options).GetAsyncEnumerator();
        var first = reading.MoveNextAsync().AsTask();
        await Eventually.True(() => changes.Contains(ConnectionState.WaitingForSession), "it waits");

        await relay.Api.CreateSession(session);
        await relay.Api.Append(session, "out"u8.ToArray());
        (await Eventually.Done(first, "it reads")).Should().BeTrue();
        reading.Current.Data.ToArray().Should().Equal("out"u8.ToArray());
        changes.Should().Equal(ConnectionState.Connected, ConnectionState.WaitingForSession, ConnectionState.Connected);
    }
}
