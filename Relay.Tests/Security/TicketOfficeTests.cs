using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Security;
using Relay.Server.Storage;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Security;

public sealed class TicketOfficeTests
{
    private readonly FakeTime _time = new();
    private readonly TicketOffice _office;

    public TicketOfficeTests() => _office = new TicketOffice(_time);

    [Fact]
    public void A_ticket_stands_for_who_got_it_once()
    {
        var ticket = TokenHash.Of(_office.Issue(Caller.Anonymous));

        _office.Redeem(ticket).Should().BeSameAs(Caller.Anonymous);
        _office.Redeem(ticket).Should().BeNull();
    }

    [Fact]
    public async Task Of_many_who_use_a_ticket_at_once_one_gets_in()
    {
        for (var round = 0; round < 100; round++)
        {
            var ticket = TokenHash.Of(_office.Issue(Caller.Anonymous));
            var callers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => _office.Redeem(ticket))));
            callers.Count(caller => caller is not null).Should().Be(1);
        }
    }

    [Theory]
    [InlineData(30, true)]
    [InlineData(30.001, false)]
    public void A_ticket_lives_for_half_a_minute(double seconds, bool isGood)
    {
        var ticket = TokenHash.Of(_office.Issue(Caller.Anonymous));
        _time.Advance(TimeSpan.FromSeconds(seconds));

        (_office.Redeem(ticket) is not null).Should().Be(isGood);
    }

    [Fact]
    public void Tickets_that_nobody_uses_are_forgotten_and_until_then_there_are_so_many()
    {
        for (var i = 0; i < 100_000; i++)
        {
            _office.Issue(Caller.Anonymous);
        }

        FluentActions.Invoking(() => _office.Issue(Caller.Anonymous)).Should().Throw<RelayException>().Which.Code.Should().Be(RelayErrorCode.LimitReached);
        _time.Advance(TimeSpan.FromSeconds(31));
        _office.Issue(Caller.Anonymous).Should().HaveLength(43);
    }
}
