using FluentAssertions;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Relay.Server;
using Relay.Server.Security;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Security;

/// <summary>A certificate that cannot be used keeps the relay from starting, with a line that says what would be right.</summary>
public sealed class TlsStartTests : IDisposable
{
    private const string Password = "open sesame";
    private readonly TestAuthority _authority = new();
    private readonly TempFolder _folder = new();

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_process_ends_with_2_and_one_line()
    {
        await using var relay = await ChildProcess.Run(DotNet.Server("--port", "0", "--data", _folder["data"], "--tls-cert", _folder["none.pem"]));
        relay.ExitCode.Should().Be(2);
        (relay.StdoutText + relay.StderrText).Should().Be($"relay-server: --tls-cert: there is no file '{_folder["none.pem"]}'.\n");
    }

    [Fact]
    public void A_password_on_the_command_line_is_refused_without_being_shown()
    {
        Faults("--tls-cert", _authority.Issue(Password).PfxFile, "--tls-password", Password).Should().SatisfyRespectively(
            line => line.Should().StartWith("--tls-password cannot be given on the command line").And.Contain("RELAY_TLS_PASSWORD").And.NotContain(Password),
            line => line.Should().Contain("is a PFX file with a password; give it by RELAY_TLS_PASSWORD"));
        Faults($"--TLS-password={Password}").Should().ContainSingle().Which.Should().NotContain(Password);
    }

    [Fact]
    public void Every_form_of_certificate_starts_with_its_password()
    {
        var (open, closed) = (_authority.Issue(), _authority.Issue(Password));
        foreach (var options in (string[][])[open.Options, ["--tls-cert", open.WholeFile], ["--tls-cert", open.PfxFile]])
        {
            Faults(options).Should().BeEmpty();
        }

        foreach (var options in (string[][])[closed.Options, ["--tls-cert", closed.WholeFile], ["--tls-cert", closed.PfxFile]])
        {
            FaultsWith(Password, options).Should().BeEmpty();
            Faults(options).Should().ContainSingle().Which.Should().Contain("RELAY_TLS_PASSWORD");
            FaultsWith("wrong", options).Should().ContainSingle().Which.Should().Contain("the password of RELAY_TLS_PASSWORD does not open").And.NotContain("wrong");
        }
    }

    [Fact]
    public void What_does_not_belong_together_is_told()
    {
        var (one, other) = (_authority.Issue(), _authority.Issue());
        Faults("--tls-cert", one.ChainFile, "--tls-key", other.KeyFile).Should().ContainSingle()
            .Which.Should().StartWith($"--tls-key: the key in '{other.KeyFile}' does not belong to the first certificate in '{one.ChainFile}' (CN=relay 1).");
        Faults("--tls-cert", one.ChainFile).Should().ContainSingle().Which.Should().Be($"--tls-cert: '{one.ChainFile}' has no private key; name the file that has it with --tls-key.");
        Faults("--tls-key", one.KeyFile).Should().ContainSingle().Which.Should().StartWith("--tls-key is given without --tls-cert");
        FaultsWith("x", []).Should().ContainSingle().Which.Should().StartWith("RELAY_TLS_PASSWORD is given without --tls-cert");
        Faults("--tls-cert", one.PfxFile, "--tls-key", one.KeyFile).Should().ContainSingle().Which.Should().Contain("then leave --tls-key out");
        Faults("--tls-cert", one.ChainFile, "--tls-key", one.ChainFile).Should().ContainSingle().Which.Should().Contain("has no private key; it must be PEM");
        Faults("--tls-cert", one.KeyFile, "--tls-key", one.KeyFile).Should().ContainSingle().Which.Should().Contain("has no certificate; it must be PEM");
    }

    [Theory]
    [InlineData("not a certificate", "has no certificate; it must be PEM")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "has a damaged certificate")]
    [InlineData("", "has no certificate; it must be PEM")]
    public void Something_else_is_told(string content, string complaint)
    {
        File.WriteAllText(_folder["cert.pem"], content);
        Faults("--tls-cert", _folder["cert.pem"]).Should().ContainSingle().Which.Should().Contain(complaint);
        Faults("--tls-cert", _folder.Path).Should().ContainSingle().Which.Should().Contain("cannot be read");
    }

    [Fact]
    public void A_key_in_an_old_encrypted_form_is_told_with_the_way_out()
    {
        File.WriteAllText(_folder["key.pem"], "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n");
        Faults("--tls-cert", _authority.Issue().ChainFile, "--tls-key", _folder["key.pem"]).Should().ContainSingle().Which.Should().Contain("openssl pkcs8 -topk8");
    }

    [Fact]
    public void A_certificate_for_clients_is_not_one_for_servers()
    {
        var leaf = _authority.Issue(names => names.AddDnsName("localhost"), usage: "1.3.6.1.5.5.7.3.2");
        Faults(leaf.Options).Should().ContainSingle().Which.Should().Contain("is not one for servers");
    }

    private static List<string> Faults(params string[] options) => FaultsWith(null, options);

    private static List<string> FaultsWith(string? password, string[] options)
    {
        var faults = new List<string>();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration
            .AddInMemoryCollection(new Dictionary<string, string?>(StringComparer.Ordinal) { ["TLS_PASSWORD"] = password })
            .AddInMemoryCollection(CommandLine.Parse(options, faults));
        builder.AddTls(faults);
        return faults;
    }
}
