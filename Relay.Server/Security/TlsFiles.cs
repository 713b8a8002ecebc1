using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Relay.Server.Security;

/// <summary>What the files of <see cref="TlsOptions"/> hold at one moment.</summary>
internal sealed class TlsFiles
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly TlsOptions _options;
    private readonly byte[] _certificate;
    private readonly byte[]? _key;

    /// <summary>Reads the files.</summary>
    /// <exception cref="TlsFault">One cannot be read.</exception>
    public TlsFiles(TlsOptions options)
    {
        _options = options;
        _certificate = Read("--tls-cert", options.CertificateFile);
        _key = options.KeyFile is { } file ? Read("--tls-key", file) : null;
    }

    private bool IsPem => _certificate.AsSpan().IndexOf("-----BEGIN"u8) >= 0;

    private string KeyOption => _key is null ? "--tls-cert" : "--tls-key";

    private string KeyFile => _options.KeyFile ?? _options.CertificateFile;

    /// <summary>Whether both hold the same bytes. Times of files would not do: who renews a certificate often changes a link somewhere above it.</summary>
    public bool AreAs(TlsFiles? other) =>
        other is not null && _certificate.AsSpan().SequenceEqual(other._certificate) && _key.AsSpan().SequenceEqual(other._key);

    /// <summary>The relay's certificate with its key, and the intermediate ones that a client needs beside it.</summary>
    /// <exception cref="TlsFault">The files hold no certificate that can be used.</exception>
    public SslStreamCertificateContext ToContext()
    {
        var (own, others) = IsPem ? FromPem() : FromPfx();
        if (own.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is { } usage && !usage.EnhancedKeyUsages.OfType<Oid>().Any(use => use.Value == ServerAuthentication))
        {
            throw new TlsFault($"--tls-cert: the certificate in '{_options.CertificateFile}' ({own.Subject}) is not one for servers (extended key usage serverAuth).");
        }

        return SslStreamCertificateContext.Create(own, others, offline: true); // A handshake waits for no download.
    }

    private static byte[] Read(string option, string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new TlsFault($"{option}: there is no file '{file}'.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TlsFault($"{option}: '{file}' cannot be read: {e.Message}");
        }
    }

    private (X509Certificate2 Own, X509Certificate2Collection Others) FromPem()
    {
        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPem(Text(_certificate));
        }
        catch (CryptographicException e)
        {
            throw new TlsFault($"--tls-cert: '{_options.CertificateFile}' has a damaged certificate: {e.Message}");
        }

        if (chain.Count == 0)
        {
            throw new TlsFault($"--tls-cert: '{_options.CertificateFile}' has no certificate; it must be PEM (-----BEGIN CERTIFICATE-----) or PFX.");
        }

        var own = WithKey(chain[0]);
        chain.RemoveAt(0);
        return (own, chain);
    }

    private X509Certificate2 WithKey(X509Certificate2 certificate)
    {
        var pem = Text(_key ?? _certificate);
        if (!pem.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            throw new TlsFault(_key is null
                ? $"--tls-cert: '{KeyFile}' has no private key; name the file that has it with --tls-key."
                : $"--tls-key: '{KeyFile}' has no private key; it must be PEM (-----BEGIN PRIVATE KEY-----).");
        }

        if (pem.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal))
        {
            throw new TlsFault($"{KeyOption}: the key in '{KeyFile}' is encrypted in a form of old; 'openssl pkcs8 -topk8 -in OLD -out NEW' makes one that can be read.");
        }

        var isEncrypted = pem.Contains("BEGIN ENCRYPTED PRIVATE KEY", StringComparison.Ordinal);
        if (isEncrypted && _options.Password is null)
        {
            throw new TlsFault($"{KeyOption}: the key in '{KeyFile}' is encrypted; give its password by RELAY_TLS_PASSWORD.");
        }

        try
        {
            return Usable(isEncrypted
                ? X509Certificate2.CreateFromEncryptedPem(certificate.ExportCertificatePem(), pem, _options.Password)
                : X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), pem));
        }
        catch (ArgumentException)
        {
            throw NotItsKey();
        }
        catch (CryptographicException e) when (e.InnerException is ArgumentException)
        {
            throw NotItsKey();
        }
        catch (CryptographicException e)
        {
            throw new TlsFault(isEncrypted
                ? $"{KeyOption}: the password of RELAY_TLS_PASSWORD does not open the key in '{KeyFile}'."
                : $"{KeyOption}: the key in '{KeyFile}' cannot be used: {e.Message}");
        }

        TlsFault NotItsKey() => new(
            $"{KeyOption}: the key in '{KeyFile}' does not belong to the first certificate in '{_options.CertificateFile}' ({certificate.Subject}). The relay's own must come before its chain.");
    }

    private (X509Certificate2 Own, X509Certificate2Collection Others) FromPfx()
    {
        if (_key is not null)
        {
            throw new TlsFault($"--tls-cert: '{_options.CertificateFile}' is no PEM file (-----BEGIN CERTIFICATE-----). A PFX file has its key; then leave --tls-key out.");
        }

        X509Certificate2Collection chain;
        try
        {
            chain = X509CertificateLoader.LoadPkcs12Collection(_certificate, _options.Password);
        }
        catch (CryptographicException e) when (IsPassword(e))
        {
            throw new TlsFault(_options.Password is null
                ? $"--tls-cert: '{_options.CertificateFile}' is a PFX file with a password; give it by RELAY_TLS_PASSWORD."
                : $"--tls-cert: the password of RELAY_TLS_PASSWORD does not open '{_options.CertificateFile}'.");
        }
        catch (CryptographicException)
        {
            throw new TlsFault($"--tls-cert: '{_options.CertificateFile}' has no certificate; it must be PEM (-----BEGIN CERTIFICATE-----) or PFX.");
        }

        var own = chain.FirstOrDefault(certificate => certificate.HasPrivateKey)
            ?? throw new TlsFault($"--tls-cert: the PFX file '{_options.CertificateFile}' has no private key.");
        chain.Remove(own);
        return (own, chain);
    }

    private static bool IsPassword(CryptographicException failure)
    {
        const int errorInvalidPassword = unchecked((int)0x80070056);
        return failure.HResult == errorInvalidPassword;
    }

    /// <summary>Windows serves no key that was read from PEM and lives in memory only.</summary>
    private static X509Certificate2 Usable(X509Certificate2 certificate) =>
        OperatingSystem.IsWindows() ? X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null) : certificate;

    private static string Text(byte[] bytes) => System.Text.Encoding.Latin1.GetString(bytes);
}

/// <summary>The certificate cannot be used, and why, in a sentence that names the option and the file.</summary>
internal sealed class TlsFault(string message) : Exception(message);
