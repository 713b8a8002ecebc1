using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary>Whose token is whose.</summary>
public abstract partial class LogStoreContractTests
{
    private static readonly SessionAccess Access = new(TokenHash.Of("write"), TokenHash.Of("read"), "ci");

    [Fact]
    public async Task A_token_leads_to_its_session_and_says_what_it_allows()
    {
        var log = await CreateAsync("nightly", Access);
        await CreateAsync("other", new SessionAccess(TokenHash.Of("write-2"), TokenHash.Of("read-2"), "ci"));

        (await FindAsync("write")).Should().BeEquivalentTo(new { Session = "nightly", log.Incarnation, Right = TokenRight.Write });
        (await FindAsync("read-2")).Should().BeEquivalentTo(new { Session = "other", Right = TokenRight.Read });
        (await FindAsync("WRITE")).Should().BeNull();
    }

    [Theory]
    [InlineData(Ending.InGoodOrder)]
    [InlineData(Ending.Killed)]
    public async Task Tokens_survive_a_restart_and_so_do_those_of_a_session_that_is_gone(Ending ending)
    {
        await CreateAsync("nightly", Access);
        var gone = await CreateAsync("gone", new SessionAccess(TokenHash.Of("write-2"), TokenHash.Of("read-2"), "ci"));
        await Store.DeleteAsync(gone, EndReason.Deleted, unlessHeld: false, CancellationToken.None);

        await ReopenAsync(ending);

        (await FindAsync("read"))!.Session.Should().Be("nightly");
        (await FindAsync("read-2"))!.Session.Should().Be("gone", "its clients are to be told that it is gone");
        (await Store.Session()).Access!.Owner.Should().Be("ci");
    }

    [Fact]
    public async Task A_session_created_anew_has_its_own_tokens_only()
    {
        await Store.DeleteAsync(await CreateAsync("nightly", Access), EndReason.Deleted, unlessHeld: false, CancellationToken.None);
        await CreateAsync("nightly", new SessionAccess(TokenHash.Of("write-2"), TokenHash.Of("read-2"), "ci"));

        (await FindAsync("write")).Should().BeNull();
        (await FindAsync("write-2"))!.Session.Should().Be("nightly");
        await ReopenAsync(Ending.InGoodOrder);
        (await FindAsync("write")).Should().BeNull();
    }

    [Fact]
    public async Task Tokens_are_forgotten_with_the_session_they_belonged_to()
    {
        await Store.DeleteAsync(await CreateAsync("nightly", Access), EndReason.Expired, unlessHeld: false, CancellationToken.None);
        Time.Advance(TimeSpan.FromHours(2));
        await Store.MaintainAsync(TimeSpan.FromHours(1), CancellationToken.None);

        (await FindAsync("write")).Should().BeNull();
    }

    [Fact]
    public async Task Sessions_are_counted_by_who_created_them()
    {
        await CreateAsync("a", Access);
        await CreateAsync("b", new SessionAccess(TokenHash.Of("write-2"), TokenHash.Of("read-2"), "somebody else"));
        await Store.NewSession("c");

        (await Store.CountAsync("ci", CancellationToken.None)).Should().Be(1);
        await ReopenAsync(Ending.Killed);
        (await Store.CountAsync("ci", CancellationToken.None)).Should().Be(1);
        (await Store.CountAsync("nobody", CancellationToken.None)).Should().Be(0);
    }

    private ValueTask<ISessionLog> CreateAsync(string id, SessionAccess access) =>
        Store.CreateAsync(id, new Dictionary<string, string>(StringComparer.Ordinal), access, CancellationToken.None);

    private ValueTask<TokenOwner?> FindAsync(string token) => Store.FindTokenAsync(TokenHash.Of(token), CancellationToken.None);
}
