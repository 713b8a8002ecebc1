using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Relay.Tests.TestKit;

/// <summary>An authority of certificates for one test: a root, an intermediate below it, and what the intermediate issues. In files that go away.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly DateTimeOffset Begin = TimeProvider.System.GetUtcNow().AddYears(-10);
    private static readonly DateTimeOffset End = TimeProvider.System.GetUtcNow().AddYears(10);

    private readonly TempFolder _folder = new();
    private int _issued;

    public TestAuthority(string name = "Test authority")
    {
        Root = Make($"CN={name}", usage: null, issuer: null, _ => { }, Begin, End);
        Intermediate = Make($"CN={name} below", usage: null, Root, _ => { }, Begin, End);
        File.WriteAllText(CaFile, Root.ExportCertificatePem() + "\n");
    }

    public X509Certificate2 Root { get; }

    public X509Certificate2 Intermediate { get; }

    /// <summary>The root alone: a client gets the intermediate from the relay.</summary>
    public string CaFile => _folder["ca.pem"];

    public X509Certificate2Collection Trusted => [Root];

    /// <summary>A certificate for 127.0.0.1 and localhost.</summary>
    public TestCertificate Issue(string? password = null, DateTimeOffset? notAfter = null) => Issue(
        names =>
        {
            names.AddIpAddress(IPAddress.Loopback);
            names.AddDnsName("localhost");
        },
        password,
        notAfter);

    public TestCertificate Issue(
        Action<SubjectAlternativeNameBuilder> names, string? password = null, DateTimeOffset? notAfter = null, string usage = "1.3.6.1.5.5.7.3.1")
    {
        var number = Interlocked.Increment(ref _issued);
        var own = Make($"CN=relay {number}", usage, Intermediate, names, Begin.AddDays(1), notAfter ?? End.AddDays(-1));
        var folder = Directory.CreateDirectory(_folder[$"{number}"]).FullName;
        return new TestCertificate(own, Intermediate, folder, password);
    }

    public void Dispose()
    {
        Root.Dispose();
        Intermediate.Dispose();
        _folder.Dispose();
    }

    private static X509Certificate2 Make(
        string subject, string? usage, X509Certificate2? issuer, Action<SubjectAlternativeNameBuilder> names, DateTimeOffset begin, DateTimeOffset end)
    {
        var isAuthority = usage is null;
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        if (usage is null)
        {
            request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        }
        else
        {
            var alternatives = new SubjectAlternativeNameBuilder();
            names(alternatives);
            request.CertificateExtensions.Add(alternatives.Build());
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        }

        if (issuer is null)
        {
            return request.CreateSelfSigned(begin, end);
        }

        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        return request.Create(issuer, begin, end, RandomNumberGenerator.GetBytes(16)).CopyWithPrivateKey(key);
    }
}

/// <summary>A relay's certificate with its key, in the files that an operator has.</summary>
internal sealed class TestCertificate
{
    public TestCertificate(X509Certificate2 own, X509Certificate2 intermediate, string folder, string? password)
    {
        (Own, Folder) = (own, folder);
        var cost = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000);
        var key = own.GetECDsaPrivateKey()!;
        File.WriteAllText(ChainFile, $"{own.ExportCertificatePem()}\n{intermediate.ExportCertificatePem()}\n");
        File.WriteAllText(KeyFile, password is null ? key.ExportPkcs8PrivateKeyPem() : key.ExportEncryptedPkcs8PrivateKeyPem(password, cost));
        File.WriteAllText(WholeFile, File.ReadAllText(KeyFile) + "\n" + File.ReadAllText(ChainFile));
        File.WriteAllBytes(PfxFile, new X509Certificate2Collection { X509CertificateLoader.LoadCertificate(intermediate.RawData), own }.Export(X509ContentType.Pkcs12, password)!);
    }

    public X509Certificate2 Own { get; }

    public string Folder { get; }

    /// <summary>The relay's own and the intermediate one, as certbot's fullchain.pem.</summary>
    public string ChainFile => Path.Combine(Folder, "chain.pem");

    public string KeyFile => Path.Combine(Folder, "key.pem");

    /// <summary>Key and chain in one PEM file.</summary>
    public string WholeFile => Path.Combine(Folder, "whole.pem");

    public string PfxFile => Path.Combine(Folder, "relay.pfx");

    /// <summary>The server's options.</summary>
    public string[] Options => ["--tls-cert", ChainFile, "--tls-key", KeyFile];
}
