using Xunit;

namespace Relay.Tests.TestKit;

/// <summary>One relay for all tests of a class (<c>IClassFixture&lt;SharedRelay&gt;</c>); each test makes sessions of its own.</summary>
public sealed class SharedRelay : IAsyncLifetime
{
    internal RelayHost Host { get; private set; } = null!;

    internal RelayApi Api => Host.Api;

    public async Task InitializeAsync() => Host = await RelayHost.StartAsync();

    public async Task DisposeAsync() => await Host.DisposeAsync();
}
