namespace Relay.Server.Security;

/// <summary>
/// The certificate that the relay shows: <c>--tls-cert</c> and <c>--tls-key</c>; by environment <c>RELAY_TLS_CERT</c>, <c>RELAY_TLS_KEY</c>,
/// <c>RELAY_TLS_PASSWORD</c>; in <c>appsettings.json</c> <c>TlsCert</c>, <c>TlsKey</c>, <c>TlsPassword</c>.
/// </summary>
internal sealed class TlsOptions
{
    /// <summary>File with the certificate and its chain: PEM, the relay's own first, or PFX.</summary>
    public required string CertificateFile { get; init; }

    /// <summary>PEM file with the private key. Null: it is in <see cref="CertificateFile"/>.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Opens an encrypted key or PFX. Never shown.</summary>
    public string? Password { get; init; }

    /// <summary>Reads the settings.</summary>
    /// <param name="configuration">Where they stand.</param>
    /// <param name="faults">Receives a line for each value that stands alone.</param>
    /// <returns>Null when the relay is to be reached without TLS.</returns>
    public static TlsOptions? Read(IConfiguration configuration, List<string> faults)
    {
        var (certificate, key, password) = (Value("tls-cert"), Value("tls-key"), Value("tls-password"));
        if (certificate is not null)
        {
            return new TlsOptions { CertificateFile = certificate, KeyFile = key, Password = password };
        }

        if (key is not null)
        {
            faults.Add("--tls-key is given without --tls-cert, the file with the certificate that the key belongs to.");
        }
        else if (password is not null)
        {
            faults.Add("RELAY_TLS_PASSWORD is given without --tls-cert, the file that it opens.");
        }

        return null;

        string? Value(string name) => CommandLine.Setting(configuration, name);
    }
}
