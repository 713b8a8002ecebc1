using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Relay.Contracts;
using Relay.Server.Security;
using Relay.Server.Sessions;
using Relay.Server.Storage;
using Relay.Server.Streaming;
using Relay.Tests.Storage;
using Xunit;

namespace Relay.Tests.Sessions;

/// <summary>Design 9: when a session expires, and what keeps it.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The test runner calls DisposeAsync.")]
public sealed class SessionExpiryTests : IAsyncLifetime
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly Registry _registry = new();

    private TimeSpan Ttl => _registry.Ttl;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _registry.DisposeAsync();

    [Fact]
    public async Task Sweep_TtlElapsed_RemovesSession()
    {
        var session = await _registry.Create();
        _registry.Time.Advance(Ttl - Second);
        (await _registry.Sweep()).Should().Be(0);

        _registry.Time.Advance(Second);
        (await _registry.Sweep()).Should().Be(1);

        session.Log.Gone.Should().Be(EndReason.Expired);
        await LogSteps.Refused(() => _registry.Get(), RelayErrorCode.SessionExpired);
        _registry.Presence.Select(presence => presence.Kind).Should().Equal(PresenceKind.SessionCreated, PresenceKind.SessionExpired);
        (await _registry.Sweep()).Should().Be(0);
    }

    [Fact]
    public async Task Sweep_WriterHolds_KeepsSessionUntilOneTtlAfterItLeft()
    {
        var session = await _registry.Create();
        var writer = await Connect(session);
        for (var i = 0; i < 5; i++)
        {
            _registry.Time.Advance(Ttl * 2);
            (await _registry.Sweep()).Should().Be(0, "a silent writer is a writer");
        }

        await writer.DisposeAsync();
        _registry.Time.Advance(Ttl - Second);
        (await _registry.Sweep()).Should().Be(0);
        _registry.Time.Advance(Second);
        (await _registry.Sweep()).Should().Be(1);
    }

    [Theory]
    [InlineData("append")]
    [InlineData("connect")]
    [InlineData("reader")]
    [InlineData("delivery")]
    public async Task Activity_extends_the_life(string activity)
    {
        var session = await _registry.Create();
        await using var writer = await Connect(session);
        await writer.AppendAsync(OutputType.Stdout, 0, "text"u8.ToArray(), CancellationToken.None);
        await writer.DisposeAsync();
        using var early = Pump(session);
        _registry.Time.Advance(Ttl - Second);

        switch (activity)
        {
            case "append":
                await using (var again = await Connect(session, attempt: 2))
                {
                    await again.AppendAsync(OutputType.Stdout, 4, "more"u8.ToArray(), CancellationToken.None);
                }

                break;
            case "connect":
                await (await Connect(session, attempt: 2)).DisposeAsync();
                break;
            case "reader":
                Pump(session).Dispose();
                break;
            default:
                (await early.NextAsync(CancellationToken.None))!.Entries.Should().ContainSingle();
                break;
        }

        _registry.Time.Advance(Ttl - Second);
        (await _registry.Sweep()).Should().Be(0);
        _registry.Time.Advance(Second);
        (await _registry.Sweep()).Should().Be(1);
    }

    [Fact]
    public async Task A_refused_duplicate_and_a_look_do_not_extend_the_life()
    {
        await _registry.Create();
        _registry.Time.Advance(Ttl - Second);

        await LogSteps.Refused(() => _registry.Create(), RelayErrorCode.SessionExists);
        await _registry.Get();
        await _registry.Sessions.ListAsync(CancellationToken.None);
        (await _registry.Sessions.EnsureAsync("nightly", null, "test", CancellationToken.None)).Tokens.Should().BeNull();

        _registry.Time.Advance(Second);
        (await _registry.Sweep()).Should().Be(1);
    }

    [Fact]
    public async Task A_refused_second_writer_does_not_extend_the_life()
    {
        var session = await _registry.Create();
        await using (var writer = await Connect(session))
        {
            await writer.Log.CompleteAsync(writer.Lease, 0, [], CancellationToken.None);
        }

        _registry.Time.Advance(Ttl - Second);
        await LogSteps.Refused(async () => await Connect(session, run: "another"), RelayErrorCode.SessionCompleted);
        _registry.Time.Advance(Second);

        (await _registry.Sweep()).Should().Be(1);
    }

    [Theory]
    [InlineData(365)]
    [InlineData(-365)]
    public async Task A_wall_clock_that_jumps_neither_expires_nor_revives(int days)
    {
        await _registry.Create();
        _registry.Time.Advance(Ttl / 2);

        _registry.Time.JumpWallClock(TimeSpan.FromDays(days));

        (await _registry.Sweep()).Should().Be(0);
        _registry.Time.Advance((Ttl / 2) - Second);
        (await _registry.Sweep()).Should().Be(0);
        _registry.Time.Advance(Second);
        (await _registry.Sweep()).Should().Be(1);
    }

    /// <summary>remaining = clamp(Ttl − (wall now − stored last activity), 0, Ttl)</summary>
    [Theory]
    [InlineData(4, 3, 3)]
    [InlineData(0, 0, 10)]
    [InlineData(4, 60, 0)]
    [InlineData(4, -60, 10)]
    public async Task After_a_restart_what_remains_is_held_within_zero_and_the_time_to_live(int idleMinutes, int wallMinutesAway, int remainingMinutes)
    {
        await _registry.Create();
        await _registry.Sweep();
        _registry.Time.Advance(TimeSpan.FromMinutes(idleMinutes));
        await _registry.Restart(away: TimeSpan.Zero);
        _registry.Time.JumpWallClock(TimeSpan.FromMinutes(wallMinutesAway));
        await _registry.Get();

        if (remainingMinutes > 0)
        {
            _registry.Time.Advance(TimeSpan.FromMinutes(remainingMinutes) - Second);
            (await _registry.Sweep()).Should().Be(0);
            _registry.Time.Advance(Second);
        }

        (await _registry.Sweep()).Should().Be(1);
    }

    [Fact]
    public async Task The_activity_that_counts_after_a_restart_is_the_last_one()
    {
        var session = await _registry.Create();
        _registry.Time.Advance(Ttl - Second);
        await using (var writer = await Connect(session))
        {
            await writer.AppendAsync(OutputType.Stdout, 0, "late"u8.ToArray(), CancellationToken.None);
        }

        await _registry.Restart(away: Ttl - Second);

        (await _registry.Sweep()).Should().Be(0);
        _registry.Time.Advance(Second);
        (await _registry.Sweep()).Should().Be(1);
    }

    [Fact]
    public async Task A_tombstone_answers_for_one_time_to_live_and_is_then_forgotten()
    {
        await _registry.Create();
        await _registry.Sessions.DeleteAsync("nightly", CancellationToken.None);

        await LogSteps.Refused(() => _registry.Get(), RelayErrorCode.SessionDeleted);
        await LogSteps.Refused(() => _registry.Sessions.DeleteAsync("nightly", CancellationToken.None).AsTask(), RelayErrorCode.SessionNotFound);
        _registry.Time.Advance(Ttl - Second);
        await _registry.Sweep();
        await LogSteps.Refused(() => _registry.Get(), RelayErrorCode.SessionDeleted);
        _registry.Time.Advance(2 * Second);
        await _registry.Sweep();
        await LogSteps.Refused(() => _registry.Get(), RelayErrorCode.SessionNotFound);
    }

    private LogRedaction NoMasks() => new(
        Options.Create(new RedactionOptions()),
        new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>(),
        _registry.Time,
        NullLogger<LogRedaction>.Instance);

    private WriterPaces NoPaces() => new(Options.Create(new StreamingOptions()), _registry.Time, new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance));

    private async Task<WriterConnection> Connect(Session session, string run = "run", int attempt = 1) =>
        await new WriterAdmission(_registry.Publisher, NoMasks(), NoPaces()).OpenAsync(session, new LeaseRequest(run, attempt, LogSteps.Both, 0), CancellationToken.None);

    private ReaderPump Pump(Session session) =>
        new(session, new ReaderWish(LogSteps.Both, ReadFrom.Start, Follow: true, EndWhenLost: false), new StreamingOptions(), 48 * 1024, _registry.Time, CancellationToken.None);
}
