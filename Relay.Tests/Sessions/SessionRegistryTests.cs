using System.Diagnostics.CodeAnalysis;
using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Sessions;
using Relay.Tests.Storage;
using Xunit;

namespace Relay.Tests.Sessions;

[SuppressMessage("Design", "CA1001", Justification = "The test runner calls DisposeAsync.")]
public sealed class SessionRegistryTests : IAsyncLifetime
{
    private readonly Registry _registry = new(options => options.MaxSessions = 3);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _registry.DisposeAsync();

    [Fact]
    public async Task An_unknown_session_is_refused_with_what_to_do()
    {
        var failure = await LogSteps.Refused(() => _registry.Get("nobody"), RelayErrorCode.SessionNotFound);

        failure.Message.Should().Contain("nobody").And.Contain("POST /logging_session");
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/b")]
    public async Task A_wrong_id_is_refused_everywhere(string id)
    {
        await LogSteps.Refused(() => _registry.Get(id), RelayErrorCode.InvalidSessionId);
        await LogSteps.Refused(() => _registry.Create(id), RelayErrorCode.InvalidSessionId);
        await LogSteps.Refused(() => _registry.Sessions.EnsureAsync(id, null, "test", CancellationToken.None).AsTask(), RelayErrorCode.InvalidSessionId);
        await LogSteps.Refused(() => _registry.Sessions.DeleteAsync(id, CancellationToken.None).AsTask(), RelayErrorCode.InvalidSessionId);
    }

    [Fact]
    public async Task Ensure_creates_once()
    {
        var (first, created) = await _registry.Sessions.EnsureAsync("nightly", null, "test", CancellationToken.None);
        var (second, again) = await _registry.Sessions.EnsureAsync("nightly", null, "test", CancellationToken.None);

        (created is not null, again is not null).Should().Be((true, false));
        second.Should().BeSameAs(first);
    }

    [Fact]
    public async Task More_sessions_than_allowed_are_refused_until_one_goes()
    {
        foreach (var id in new[] { "a", "b", "c" })
        {
            await _registry.Create(id);
        }

        var failure = await LogSteps.Refused(() => _registry.Create("d"), RelayErrorCode.StorageFull);
        failure.Message.Should().Contain("Sessions:MaxSessions");
        await _registry.Sessions.DeleteAsync("b", CancellationToken.None);
        await _registry.Create("d");
    }

    [Fact]
    public async Task The_list_is_newest_first()
    {
        foreach (var id in new[] { "old", "middle", "new" })
        {
            await _registry.Create(id);
            _registry.Time.Advance(TimeSpan.FromSeconds(1));
        }

        (await _registry.Sessions.ListAsync(CancellationToken.None)).Select(session => session.Id).Should().Equal("new", "middle", "old");
    }

    [Fact]
    public async Task Watchers_are_told_of_creation_and_deletion()
    {
        await _registry.Create();
        await LogSteps.Refused(() => _registry.Create(), RelayErrorCode.SessionExists);
        await _registry.Sessions.DeleteAsync("nightly", CancellationToken.None);

        _registry.Presence.Select(presence => (presence.Kind, presence.Session)).Should().Equal((PresenceKind.SessionCreated, "nightly"), (PresenceKind.SessionDeleted, "nightly"));
    }

    [Fact]
    public async Task Readers_are_counted()
    {
        var session = await _registry.Create();
        session.TryJoin(2).Should().BeTrue();
        session.TryJoin(2).Should().BeTrue();
        session.ReaderLeft();

        (await _registry.Get()).Readers.Should().Be(1);
    }

    [Fact]
    public void Labels_within_the_rules_pass()
    {
        var labels = Enumerable.Range(0, 32).ToDictionary(i => $"{i}".PadLeft(64, 'n'), _ => new string('v', 256), StringComparer.Ordinal);

        SessionLabels.Check(labels).Should().Equal(labels);
        SessionLabels.Check(null).Should().BeEmpty();
        SessionLabels.Check(new Dictionary<string, string>(StringComparer.Ordinal) { ["x"] = "" }).Should().HaveCount(1);
    }

    [Fact]
    public void Labels_beyond_the_rules_are_refused_with_the_rule()
    {
        var wrong = new (Dictionary<string, string> Labels, string Says)[]
        {
            (Enumerable.Range(0, 33).ToDictionary(i => $"{i}", _ => "", StringComparer.Ordinal), "there are 33"),
            (One("", "v"), "the name ''"),
            (One(new string('n', 65), "v"), "the name"),
            (One("a\nb", "v"), "the name"),
            (One("n", new string('v', 257)), "257 characters"),
            (One("n", null!), "null"),
        };
        foreach (var (labels, says) in wrong)
        {
            var check = () => SessionLabels.Check(labels);
            var failure = check.Should().Throw<RelayException>().Which;
            failure.Code.Should().Be(RelayErrorCode.InvalidRequest);
            failure.Message.Should().Contain("at most 32 labels").And.Contain(says);
        }

        static Dictionary<string, string> One(string name, string value) => new(StringComparer.Ordinal) { [name] = value };
    }
}
