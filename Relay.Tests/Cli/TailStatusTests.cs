using FluentAssertions;
using Relay.Cli.Tail;
using Relay.Cli.Tail.Reading;
using Relay.Client;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Cli;

public sealed class TailStatusTests
{
    private readonly FakeTime _time = new(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero));
    private readonly TailedSession _session = new("etl-7", 0);
    private readonly TailStatus _status;

    public TailStatusTests()
    {
        _status = new TailStatus(_time, follows: true) { IsShown = true };
        _status.Meet(_session);
    }

    [Fact]
    public void It_says_how_the_connection_stands()
    {
        Now().Should().Be("connecting · etl-7 · 0 B · 00:00:01");
        _status.OnConnectionChange(_session, new ConnectionChange(ConnectionState.WaitingForSession));
        Now().Should().StartWith("waiting for the session · ");
        _status.OnConnectionChange(_session, new ConnectionChange(ConnectionState.Connected));
        Now().Should().StartWith("live · ");
        _status.IsUrgent.Should().BeFalse();
        var reason = RelayException.Create(RelayErrorCode.ConnectionLost, "It broke.");
        _status.OnConnectionChange(_session, new ConnectionChange(ConnectionState.Disconnected, reason, TimeSpan.FromSeconds(1.6)));
        Now().Should().StartWith("reconnecting in 1.6 s: It broke. · ");
        _status.IsUrgent.Should().BeTrue();
    }

    [Fact]
    public void It_says_how_far_behind_it_is_by_the_relay_s_own_clock_and_count()
    {
        _status.OnConnectionChange(_session, new ConnectionChange(ConnectionState.Connected));
        var stored = _time.GetUtcNow().AddHours(5); // The relay's clock is another one.
        var entry = new LogEntry
        {
            Kind = LogEntryKind.Data,
            Output = OutputType.Stdout,
            Data = new byte[1000],
            TimeMicros = (stored - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond,
        };
        _status.Shown(new SessionBatch(_session, new[] { entry }, null));
        var outputs = new Dictionary<string, OutputStatus>(StringComparer.Ordinal) { ["stdout"] = new() { Bytes = 2_101_000 } };
        _status.Measured(new SessionStatus { Outputs = outputs, LastActivityAt = stored.AddSeconds(14) }, OutputTypes.All);

        Now().Should().StartWith("behind by 2.1 MB / 14 s · etl-7 · 1.0 kB · ");
    }

    [Fact]
    public void It_says_since_when_the_writer_is_lost_until_it_is_back()
    {
        _status.OnConnectionChange(_session, new ConnectionChange(ConnectionState.Connected));
        _status.OnPresence(new PresenceEvent { Kind = PresenceKind.WriterLost, Output = OutputType.Stdout });
        Now().Should().StartWith("writer lost at 12:00:00 · ");
        _status.OnPresence(new PresenceEvent { Kind = PresenceKind.WriterConnected, Output = OutputType.Stdout });
        Now().Should().StartWith("live · ");
    }

    private string Now()
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        return _status.Text();
    }
}
