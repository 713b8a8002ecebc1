using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Relay.Server.Security;

/// <summary>
/// The certificate that the relay shows now. Its files are looked at again during handshakes, so that a renewed one (certbot, cert-manager) is
/// shown without a restart; connections that stand keep theirs. What cannot be used does not take the place of what can.
/// </summary>
internal sealed partial class TlsCertificate
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(10);

    private readonly TlsOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _looking = new();
    private TlsFiles _seen;
    private string? _fault;
    private long _seenAt;
    private bool _saidExpired;
    private volatile SslStreamCertificateContext _current;

    /// <param name="options">Where the files are.</param>
    /// <param name="files">What they held at the start.</param>
    /// <param name="first">The certificate in it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Is told of renewals.</param>
    public TlsCertificate(TlsOptions options, TlsFiles files, SslStreamCertificateContext first, TimeProvider time, ILogger<TlsCertificate> logger)
    {
        (_options, _seen, _current, _time, _logger) = (options, files, first, time, logger);
        _seenAt = time.GetTimestamp();
        Shown();
    }

    /// <summary>The certificate for a handshake that begins now.</summary>
    public SslStreamCertificateContext ForHandshake()
    {
        // Who comes while another looks gets what there is.
        if (_looking.TryEnter())
        {
            try
            {
                if (_time.GetElapsedTime(_seenAt) >= Between)
                {
                    _seenAt = _time.GetTimestamp();
                    Look();
                }
            }
            finally
            {
                _looking.Exit();
            }
        }

        return _current;
    }

    private void Look()
    {
        try
        {
            var found = new TlsFiles(_options);
            _fault = null;
            if (!found.AreAs(_seen))
            {
                _seen = found; // Also if it cannot be used: that is said once.
                _current = found.ToContext();
                Shown();
                return;
            }
        }
        catch (TlsFault fault)
        {
            if (fault.Message != _fault)
            {
                _fault = fault.Message;
                Log.NotRenewed(_logger, fault.Message, Own.Subject, Own.NotAfter.ToUniversalTime());
            }
        }

        WarnIfExpired();
    }

    private X509Certificate2 Own => _current.TargetCertificate;

    private void Shown()
    {
        Log.Shown(_logger, Own.Subject, Own.NotAfter.ToUniversalTime());
        _saidExpired = false;
        WarnIfExpired();
    }

    private void WarnIfExpired()
    {
        var now = _time.GetUtcNow().UtcDateTime;
        if (!_saidExpired && (now > Own.NotAfter.ToUniversalTime() || now < Own.NotBefore.ToUniversalTime()))
        {
            _saidExpired = true;
            Log.OutOfTime(_logger, Own.Subject, Own.NotBefore.ToUniversalTime(), Own.NotAfter.ToUniversalTime());
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "TLS certificate {Subject}, valid until {NotAfter:u}")]
        public static partial void Shown(ILogger logger, string subject, DateTime notAfter);

        [LoggerMessage(2, LogLevel.Warning, "The TLS certificate {Subject} is valid from {NotBefore:u} to {NotAfter:u}, not now: clients will refuse it")]
        public static partial void OutOfTime(ILogger logger, string subject, DateTime notBefore, DateTime notAfter);

        [LoggerMessage(3, LogLevel.Error, "The TLS certificate has changed and cannot be used: {Fault} The one of before, {Subject}, stays; it is valid until {NotAfter:u}")]
        public static partial void NotRenewed(ILogger logger, string fault, string subject, DateTime notAfter);
    }
}
