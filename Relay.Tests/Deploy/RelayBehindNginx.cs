using Relay.Client;
using Relay.Tests.Security;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Deploy;

/// <summary>A relay with the options that <c>deploy/nginx/relay.conf</c> asks for, and that nginx before it.</summary>
public sealed class RelayBehindNginx : IAsyncLifetime
{
    internal RelayHost Host { get; private set; } = null!;

    internal NginxSite Site { get; private set; } = null!;

    /// <summary>The administrator, through nginx.</summary>
    internal RelayApi Api { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Host = await RelayHost.StartAsync(Configure);
        Site = await NginxSite.StartAsync(Host.BaseAddress);
        Api = Administrator(Site);
    }

    public async Task DisposeAsync()
    {
        Api.Dispose();
        await Site.DisposeAsync();
        await Host.DisposeAsync();
    }

    internal static void Configure(RelayHostOptions options)
    {
        options.Settings["path-base"] = "/relay";
        options.Settings["known-proxies"] = "127.0.0.1";
        options.Settings["Security:AdminKeys"] = LockedRelay.AdminKey;
    }

    internal static RelayApi Administrator(NginxSite site, TestAuthority? authority = null)
    {
        var api = new RelayApi(site.Relay, authority);
        api.Http.DefaultRequestHeaders.Authorization = new("Bearer", LockedRelay.AdminKey);
        return api;
    }

    /// <summary>As a user writes the address, without the last slash.</summary>
    internal static RelayClient Client(NginxSite site) =>
        new(new RelayClientOptions { Url = new Uri(site.Relay.AbsoluteUri.TrimEnd('/')), Token = LockedRelay.AdminKey });
}
