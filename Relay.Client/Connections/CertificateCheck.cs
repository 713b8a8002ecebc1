using System.Globalization;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Relay.Client.Connections;

/// <summary>Decides whether the certificate that is shown is the relay's, and says of one that is not what is wrong with it.</summary>
/// <param name="authorities">Who may have issued it; null: whom the system trusts.</param>
internal sealed class CertificateCheck(X509Certificate2Collection? authorities)
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const int MostNames = 10;
    private const int LongestName = 100;

    /// <exception cref="UntrustedCertificateException">It is not. Only so the reason reaches whoever asked for the connection.</exception>
    public bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        Problem((sender as SslStream)?.TargetHostName, certificate as X509Certificate2, chain, errors) is not { } problem || Refuse(problem);

    private static bool Refuse(string problem) => throw new UntrustedCertificateException(problem);

    private string? Problem(string? host, X509Certificate2? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        if (shown is null || chain is null)
        {
            return "it shows no certificate.";
        }

        using var ownChain = authorities is null ? null : ChainToAuthority(sent: chain.ChainPolicy.ExtraStore);
        return !(ownChain is null ? !errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) : ownChain.Build(shown)) ? Distrust(shown, ownChain ?? chain)
            : errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
                ? $"its certificate is for {Names(shown)}, not for {host}. Use a name that it has, or give the relay a certificate with this one."
            : null;
    }

    // A chain of our own for each handshake, because what the relay sends is put into the policy that is used.
    private X509Chain ChainToAuthority(X509Certificate2Collection sent)
    {
        var chain = new X509Chain
        {
            ChainPolicy =
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            },
        };
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities!);
        chain.ChainPolicy.ExtraStore.AddRange(sent);
        return chain;
    }

    private string Distrust(X509Certificate2 shown, X509Chain chain)
    {
        var status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
        var who = $"({Shown(shown.Subject)}, issued by {Shown(shown.Issuer)})";
        if (status.HasFlag(X509ChainStatusFlags.UntrustedRoot) || status.HasFlag(X509ChainStatusFlags.PartialChain))
        {
            return authorities is null
                ? $"its certificate {who} is not from an authority that this machine trusts. If it is the right relay, name its authority's certificate with --ca FILE (in .NET: CertificateAuthorities)."
                : $"its certificate {who} is not from an authority that was given with --ca FILE (in .NET: CertificateAuthorities): {string.Join("; ", authorities.Take(MostNames).Select(one => Shown(one.Subject)))}.";
        }

        if (status.HasFlag(X509ChainStatusFlags.NotTimeValid))
        {
            var late = chain.ChainElements.FirstOrDefault(element => element.ChainElementStatus.Any(it => it.Status == X509ChainStatusFlags.NotTimeValid))?.Certificate ?? shown;
            return string.Create(
                CultureInfo.InvariantCulture,
                $"its certificate is not valid now: {Shown(late.Subject)} is valid from {late.NotBefore.ToUniversalTime():u} to {late.NotAfter.ToUniversalTime():u}. It must be renewed, or a clock is wrong.");
        }

        return $"its certificate {who} cannot be trusted: {Shown(string.Join("; ", chain.ChainStatus.Select(one => one.StatusInformation.Trim())))}";
    }

    private static string Names(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(all => all.EnumerateDnsNames().Concat(all.EnumerateIPAddresses().Select(address => address.ToString())))
            .Select(Shown).ToList();
        var more = names.Count > MostNames ? string.Create(CultureInfo.InvariantCulture, $" and {names.Count - MostNames} more") : "";
        return names.Count > 0 ? string.Join(", ", names.Take(MostNames)) + more : $"no name at all ({Shown(certificate.Subject)} has no subjectAltName)";
    }

    /// <summary>Words of a stranger, for a terminal and of a length for one line.</summary>
    private static string Shown(string text) =>
        string.Concat(text.Take(LongestName).Select(letter => char.IsControl(letter) ? '?' : letter)) + (text.Length > LongestName ? "…" : "");
}

/// <summary>What answers does not prove that it is the relay; the message says why, as the end of a sentence.</summary>
internal sealed class UntrustedCertificateException(string message) : AuthenticationException(message);
