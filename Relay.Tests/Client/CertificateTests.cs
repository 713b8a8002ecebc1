using FluentAssertions;
using Relay.Client;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Client;

/// <summary><see cref="RelayClientOptions.CertificateAuthorities"/>, and what is said of a certificate that is not the relay's.</summary>
public sealed class CertificateTests : IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _other = new("Another authority");

    public void Dispose()
    {
        _authority.Dispose();
        _other.Dispose();
    }

    [Fact]
    public async Task Without_its_authority_a_relay_is_not_trusted_and_the_way_out_is_named()
    {
        await using var relay = await Start(_authority.Issue());
        await Fails(relay, null, "its certificate (CN=relay 1, issued by CN=Test authority below) is not from an authority that this machine trusts. "
            + "If it is the right relay, name its authority's certificate with --ca FILE (in .NET: CertificateAuthorities).");
    }

    [Fact]
    public async Task With_another_authority_it_is_not_trusted_either()
    {
        await using var relay = await Start(_authority.Issue());
        await Fails(relay, _other, "its certificate (CN=relay 1, issued by CN=Test authority below) is not from an authority that was given with --ca FILE "
            + "(in .NET: CertificateAuthorities): CN=Another authority.");
    }

    [Fact]
    public async Task One_of_many_authorities_is_enough()
    {
        await using var relay = await Start(_authority.Issue());
        using var client = new RelayClient(new RelayClientOptions { Url = relay.BaseAddress, CertificateAuthorities = [_other.Root, _authority.Root] });
        (await client.ListSessionsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task A_wrong_host_name_is_told_with_the_right_ones()
    {
        await using var relay = await Start(_authority.Issue(names =>
        {
            names.AddDnsName("relay.example.com");
            names.AddDnsName("*.logs.example.com");
        }));
        await Fails(relay, _authority, "its certificate is for relay.example.com, *.logs.example.com, not for 127.0.0.1. Use a name that it has, or give the relay a certificate with this one.");
    }

    [Fact]
    public async Task An_expired_certificate_is_told_with_its_times()
    {
        await using var relay = await Start(_authority.Issue(notAfter: new DateTimeOffset(2025, 1, 31, 12, 0, 0, TimeSpan.Zero)));
        await Fails(relay, _authority, "its certificate is not valid now: CN=relay 1 is valid from ");
        await Fails(relay, _authority, "to 2025-01-31 12:00:00Z. It must be renewed, or a clock is wrong.");
    }

    [Fact]
    public async Task A_chain_without_its_intermediate_needs_it_from_the_client()
    {
        var certificate = _authority.Issue();
        File.WriteAllText(certificate.ChainFile, certificate.Own.ExportCertificatePem());
        await using var relay = await Start(certificate);
        await Fails(relay, _authority, "is not from an authority that was given");
        using var client = new RelayClient(new RelayClientOptions { Url = relay.BaseAddress, CertificateAuthorities = [_authority.Root, _authority.Intermediate] });
        (await client.ListSessionsAsync()).Should().BeEmpty();
    }

    [Fact]
    public async Task What_a_stranger_s_certificate_says_cannot_control_a_terminal()
    {
        using var stranger = new TestAuthority("a\u001b[2Jb");
        await using var relay = await Start(stranger.Issue());
        await Fails(relay, _authority, "issued by CN=a?[2Jb below)");
    }

    [Fact]
    public async Task An_address_without_TLS_is_told()
    {
        await using var relay = await RelayHost.StartAsync();
        var https = new UriBuilder(relay.BaseAddress) { Scheme = "https" }.Uri;
        await Fails(https, null, "no connection with TLS could be made");
        await Fails(https, null, "If it listens without TLS, its address begins with http://.");
    }

    [Fact]
    public async Task A_writer_waits_until_the_relay_shows_the_right_certificate()
    {
        var (wrong, right) = (_other.Issue(), _authority.Issue());
        await using var relay = await Start(wrong);
        using var client = new RelayClient(new RelayClientOptions { Url = relay.BaseAddress, CertificateAuthorities = _authority.Trusted });
        var said = new TaskCompletionSource<string>();
        await using var writer = client.OpenWriter("waits", new WriterOptions
        {
            OnConnectionChange = change => said.TrySetResult(change.Reason?.Message ?? ""),
        });
        await writer.WriteAsync(OutputType.Stdout, "patience"u8.ToArray());
        (await Eventually.Done(said.Task, "the writer says why it waits")).Should().Contain("is not from an authority that was given");

        File.Copy(right.ChainFile, wrong.ChainFile, overwrite: true);
        File.Copy(right.KeyFile, wrong.KeyFile, overwrite: true);
        await relay.RestartAsync();
        (await Eventually.Done(writer.CompleteAsync(0), "it is delivered")).IsVerified.Should().BeTrue();
    }

    [Fact]
    public void Authorities_must_be_some_and_cannot_stand_beside_a_handler()
    {
        using var handler = new SocketsHttpHandler();
        var none = () => new RelayClient(new RelayClientOptions { CertificateAuthorities = [] });
        var both = () => new RelayClient(new RelayClientOptions { CertificateAuthorities = _authority.Trusted, HttpMessageHandler = handler });
        none.Should().Throw<ArgumentException>().WithMessage("CertificateAuthorities must have a certificate*");
        both.Should().Throw<ArgumentException>().WithMessage("CertificateAuthorities and HttpMessageHandler exclude each other*");
    }

    private Task<RelayHost> Start(TestCertificate certificate) => RelayHost.StartAsync(options =>
    {
        options.Authority = _authority;
        options.Settings["tls-cert"] = certificate.ChainFile;
        options.Settings["tls-key"] = certificate.KeyFile;
    });

    private static Task Fails(RelayHost relay, TestAuthority? trusted, string because) => Fails(relay.BaseAddress, trusted, because);

    /// <summary>By HTTP and by WebSocket, with the same words.</summary>
    private static async Task Fails(Uri relay, TestAuthority? trusted, string because)
    {
        using var client = new RelayClient(new RelayClientOptions { Url = relay, CertificateAuthorities = trusted?.Trusted });
        var read = new ReadOptions { FirstConnectTimeout = TimeSpan.Zero };
        foreach (var call in (Func<Task>[])[() => client.ListSessionsAsync(), () => client.ReadAsync("s", read).GetAsyncEnumerator().MoveNextAsync().AsTask()])
        {
            (await call.Should().ThrowAsync<RelayException>()).Which.Should().Match<RelayException>(
                failure => failure.Code == RelayErrorCode.ConnectionLost && failure.IsRetryable && failure.Message.StartsWith($"The relay at {relay} cannot be reached: ") && failure.Message.Contains(because),
                because);
        }
    }
}
