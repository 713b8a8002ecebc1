using System.Diagnostics.CodeAnalysis;
using FluentAssertions;
using Relay.Contracts;
using Relay.Tests.Storage;
using Xunit;

namespace Relay.Tests.Sessions;

/// <summary><c>Sessions:MaxPerKey</c>: who has created how many of the sessions that there are.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The test runner calls DisposeAsync.")]
public sealed class SessionsPerKeyTests : IAsyncLifetime
{
    private readonly Registry _registry = new(options => (options.MaxPerKey, options.MaxSessions) = (3, 5));

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _registry.DisposeAsync();

    [Fact]
    public async Task A_key_has_so_many_sessions_and_another_has_its_own()
    {
        await Create("a", "key:1", 3);
        (await LogSteps.Refused(() => Create("b", "key:1"), RelayErrorCode.StorageFull)).Message.Should().Contain("Sessions:MaxPerKey").And.Contain("3");
        await Create("b", "key:2", 2);
        (await LogSteps.Refused(() => Create("c", "key:2"), RelayErrorCode.StorageFull)).Message.Should().Contain("Sessions:MaxSessions", "all of them are five");
    }

    [Fact]
    public async Task A_session_that_goes_makes_room_and_a_restart_makes_none()
    {
        await Create("a", "key:1", 3);
        await _registry.Restart(TimeSpan.Zero);
        await LogSteps.Refused(() => Create("b", "key:1"), RelayErrorCode.StorageFull);

        await _registry.Sessions.DeleteAsync("a0", CancellationToken.None);

        await Create("b", "key:1");
        await LogSteps.Refused(() => Create("c", "key:1"), RelayErrorCode.StorageFull);
    }

    [Fact]
    public async Task Of_many_that_are_created_at_once_no_more_come_to_be_than_may()
    {
        var refusals = 0;
        var sessions = _registry.Sessions;
        await Parallel.ForAsync(0, 20, async (i, cancellationToken) =>
        {
            try
            {
                await sessions.CreateAsync($"s{i}", null, "key:1", cancellationToken);
            }
            catch (RelayException e) when (e.Code == RelayErrorCode.StorageFull)
            {
                Interlocked.Increment(ref refusals);
            }
        });

        refusals.Should().Be(17);
        (await sessions.ListAsync(CancellationToken.None)).Should().HaveCount(3);
    }

    private async Task Create(string id, string owner, int count = 1)
    {
        for (var i = 0; i < count; i++)
        {
            await _registry.Sessions.CreateAsync($"{id}{i}", null, owner, CancellationToken.None);
        }
    }
}
