using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Security;

/// <summary>A certificate is renewed under a relay that runs.</summary>
public sealed class TlsRenewalTests : IDisposable
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(10);

    private readonly TestAuthority _authority = new();
    private readonly TempFolder _folder = new();
    private readonly FakeTime _time = new(TimeProvider.System.GetUtcNow());
    private readonly ErrorLog _log = new(LogLevel.Information);

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
        _log.Dispose();
    }

    [Fact]
    public async Task A_new_certificate_is_shown_to_who_connects_and_old_connections_go_on()
    {
        Mount(_authority.Issue());
        await using var relay = await Start();
        var session = await relay.Api.CreateSession();
        await using var reader = await relay.Api.Reader(session);
        await using var writer = await relay.Api.Writer(session);
        Mount(_authority.Issue());

        (await Shown(relay)).Should().Be("CN=relay 1", "it was looked at less than 10 s ago");
        _time.Advance(Between);
        (await Shown(relay)).Should().Be("CN=relay 2");

        await writer.Send("still here");
        (await reader.Receive())!.Text.Should().Be("still here");
        await relay.Api.Append(session, "and new ones"u8.ToArray(), "stderr");
        _log.Errors.Should().ContainSingle(line => line.StartsWith("TLS certificate CN=relay 2, valid until"));
    }

    [Fact]
    public async Task What_cannot_be_used_is_said_once_and_the_old_one_stays()
    {
        Mount(_authority.Issue());
        await using var relay = await Start();
        var next = _authority.Issue();
        File.WriteAllText(_folder["mount/tls.crt"], File.ReadAllText(next.ChainFile)); // The key is still the old one's.
        await Look(relay, "CN=relay 1", 3);
        Faults().Should().ContainSingle().Which.Should().Contain("does not belong to").And.Contain("The one of before, CN=relay 1, stays");

        File.Delete(_folder["mount/tls.crt"]);
        await Look(relay, "CN=relay 1", 2);
        Faults().Should().HaveCount(2).And.Contain(line => line.Contains("there is no file"));

        Mount(next);
        await Look(relay, "CN=relay 2", 1);
        Faults().Should().HaveCount(2);
    }

    [Fact]
    public async Task A_certificate_that_expires_while_the_relay_runs_is_said_once()
    {
        Mount(_authority.Issue(notAfter: _time.GetUtcNow().AddMinutes(1)));
        await using var relay = await Start();
        await Look(relay, "CN=relay 1", 2);
        Expired().Should().BeEmpty();

        _time.Advance(TimeSpan.FromMinutes(1));
        await Look(relay, "CN=relay 1", 2);
        Expired().Should().ContainSingle();
    }

    [Fact]
    public async Task An_expired_certificate_starts_with_a_warning()
    {
        Mount(_authority.Issue(notAfter: _time.GetUtcNow().AddDays(-1)));
        await using var relay = await Start();
        Expired().Should().ContainSingle().Which.Should().Contain("CN=relay 1").And.Contain("clients will refuse it");
    }

    private IEnumerable<string> Faults() => _log.Errors.Where(line => line.StartsWith("The TLS certificate has changed and cannot be used", StringComparison.Ordinal));

    private IEnumerable<string> Expired() => _log.Errors.Where(line => line.Contains("not now: clients will refuse it", StringComparison.Ordinal));

    /// <summary>As Kubernetes mounts a secret: files are links through a link to a folder, and a renewal changes the link in the middle.</summary>
    private void Mount(TestCertificate certificate)
    {
        Directory.CreateDirectory(_folder["mount"]);
        foreach (var (name, target) in (IEnumerable<(string, string)>)[("..data", certificate.Folder), ("tls.crt", "..data/chain.pem"), ("tls.key", "..data/key.pem")])
        {
            File.Delete(_folder[$"mount/{name}"]);
            File.CreateSymbolicLink(_folder[$"mount/{name}"], target);
        }
    }

    private Task<RelayHost> Start() => RelayHost.StartAsync(options =>
    {
        options.Time = _time;
        options.Authority = _authority;
        options.Settings["tls-cert"] = _folder["mount/tls.crt"];
        options.Settings["tls-key"] = _folder["mount/tls.key"];
        options.Customize = builder => builder.Services.AddSingleton<ILoggerProvider>(_log);
    });

    private async Task Look(RelayHost relay, string expected, int times)
    {
        for (var i = 0; i < times; i++)
        {
            _time.Advance(Between);
            (await Shown(relay)).Should().Be(expected);
        }
    }

    private static async Task<string> Shown(RelayHost relay)
    {
        using var tcp = await RawTcp.Connect(relay.BaseAddress);
        await using var tls = new SslStream(new NetworkStream(tcp.Socket), false, (_, shown, _, _) => shown is not null);
        await Eventually.Done(tls.AuthenticateAsClientAsync("localhost"), "the handshake is done");
        return new X509Certificate2(tls.RemoteCertificate!).Subject;
    }
}
