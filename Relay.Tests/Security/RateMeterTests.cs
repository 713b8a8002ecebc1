using System.Globalization;
using FluentAssertions;
using Relay.Server.Security;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Security;

public sealed class RateMeterTests
{
    private readonly FakeTime _time = new();

    [Fact]
    public void A_burst_passes_and_then_one_at_a_time()
    {
        var meter = new RateMeter(perSecond: 10, burst: 3, _time);
        Passes(meter, "a", 3).Should().Be(3);

        for (var i = 0; i < 5; i++)
        {
            var wait = meter.Take("a");
            wait.Should().Be(TimeSpan.FromMilliseconds(100));
            _time.Advance(wait - TimeSpan.FromTicks(1));
            meter.Take("a").Should().Be(TimeSpan.FromTicks(1), "a moment too early is too early");
            _time.Advance(TimeSpan.FromTicks(1));
            meter.Take("a").Should().Be(TimeSpan.Zero, "what it says is true");
        }
    }

    [Fact]
    public void After_a_rest_the_burst_is_there_again_and_no_more()
    {
        var meter = new RateMeter(perSecond: 10, burst: 3, _time);
        Passes(meter, "a", 10).Should().Be(3);
        _time.Advance(TimeSpan.FromDays(1));
        Passes(meter, "a", 10).Should().Be(3);
    }

    [Fact]
    public void Names_do_not_share()
    {
        var meter = new RateMeter(perSecond: 1, burst: 2, _time);
        Passes(meter, "a", 10).Should().Be(2);
        Passes(meter, "b", 10).Should().Be(2);
    }

    [Fact]
    public void Of_two_names_both_have_one_or_none_is_taken()
    {
        var meter = new RateMeter(perSecond: 1, burst: 2, _time);
        Passes(meter, "key", 2).Should().Be(2);
        meter.Take("address", "key").Should().Be(TimeSpan.FromSeconds(1));
        Passes(meter, "address", 10).Should().Be(2, "the refusal has taken nothing");
    }

    [Fact]
    public void Without_a_rate_everything_passes() => Passes(new RateMeter(0, 1, _time), "a", 10_000).Should().Be(10_000);

    [Fact]
    public void Names_are_forgotten_once_their_burst_is_whole()
    {
        var meter = new RateMeter(perSecond: 100, burst: 10, _time);
        for (var i = 0; i < 100_000; i++)
        {
            meter.Take(i.ToString(CultureInfo.InvariantCulture)).Should().Be(TimeSpan.Zero);
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        meter.Names.Should().BeLessThan(2000);
    }

    private static int Passes(RateMeter meter, string name, int tries) => Enumerable.Range(0, tries).Count(_ => meter.Take(name) == TimeSpan.Zero);
}
