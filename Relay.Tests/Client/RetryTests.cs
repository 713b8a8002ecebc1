using FluentAssertions;
using Relay.Client.Connections;
using Relay.Client.Writing;
using Relay.Contracts;
using Xunit;

namespace Relay.Tests.Client;

public sealed class RetryTests
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Cap = TimeSpan.FromSeconds(2);

    [Fact]
    public void Delays_double_up_to_the_cap_and_begin_anew_after_a_reset()
    {
        var backoff = new RetryBackoff(First, Cap, () => 1);
        Enumerable.Range(0, 7).Select(_ => backoff.Next().TotalMilliseconds).Should().Equal(100, 200, 400, 800, 1600, 2000, 2000);
        backoff.Reset();
        backoff.Next().Should().Be(First);
    }

    [Fact]
    public void Jitter_takes_at_most_half_and_never_all()
    {
        var backoff = new RetryBackoff(First, Cap, () => 0);
        backoff.Next().Should().Be(TimeSpan.FromMilliseconds(50));
    }

    [Theory]
    [InlineData(RelayErrorCode.ConnectionLost, false)]
    [InlineData(RelayErrorCode.StorageFull, false)]
    [InlineData(RelayErrorCode.ServerStopping, false)]
    [InlineData(RelayErrorCode.Fenced, true)]
    [InlineData(RelayErrorCode.SessionCompleted, true)]
    [InlineData(RelayErrorCode.SessionDeleted, true)]
    public void Only_what_may_change_is_tried_again(RelayErrorCode code, bool isFinal) =>
        new LeasePatience(TimeProvider.System, TimeSpan.FromHours(1)).IsFinal(RelayException.Create(code, "")).Should().Be(isFinal);

    [Fact]
    public void A_held_lease_is_waited_for_but_not_for_ever()
    {
        var refusal = RelayException.Create(RelayErrorCode.WriterAlreadyConnected, "");
        new LeasePatience(TimeProvider.System, TimeSpan.FromHours(1)).IsFinal(refusal).Should().BeFalse();
        new LeasePatience(TimeProvider.System, TimeSpan.Zero).IsFinal(refusal).Should().BeTrue();
    }

    [Theory]
    [InlineData("http://relay:8160", "ws://relay:8160/hubs/logs")]
    [InlineData("https://example.org/relay", "wss://example.org/relay/hubs/logs")]
    [InlineData("https://example.org/relay/", "wss://example.org/relay/hubs/logs")]
    public void The_hub_lies_below_the_relay_s_address(string url, string hub) => RelayUrls.Hub(new Uri(url)).Should().Be(new Uri(hub));
}
