using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Relay.Server.Security;

/// <summary>HTTPS in the place of HTTP, on the same address.</summary>
internal static class TlsFeature
{
    /// <param name="builder">The relay.</param>
    /// <param name="faults">Receives a line when there is a certificate that cannot be used.</param>
    /// <returns>What makes an address one with TLS; null when there is to be none.</returns>
    public static Action<ListenOptions>? AddTls(this WebApplicationBuilder builder, List<string> faults)
    {
        if (TlsOptions.Read(builder.Configuration, faults) is not { } options)
        {
            return null;
        }

        try
        {
            var files = new TlsFiles(options);
            var context = files.ToContext();
            builder.Services.AddSingleton(services => new TlsCertificate(
                options, files, context, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<TlsCertificate>>()));
            return UseTls;
        }
        catch (TlsFault fault)
        {
            faults.Add(fault.Message);
            return null;
        }
    }

    private static void UseTls(ListenOptions listen)
    {
        var certificate = listen.ApplicationServices.GetRequiredService<TlsCertificate>();
        listen.Protocols = HttpProtocols.Http1; // docs/decisions/0021-tls.md says why not HTTP/2.
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = certificate.ForHandshake(),
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            }),
        });
    }
}
