using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using FluentAssertions;
using Relay.Tests.TestKit;

namespace Relay.Tests.Deploy;

/// <summary>
/// Debian's nginx with the site of <c>deploy/nginx/relay.conf</c>, as whoever runs the tests and beside any that the system has. The file is the shipped one
/// but for where nginx listens, where the relay is, what else the host serves and, with TLS, which certificate it has.
/// </summary>
internal sealed partial class NginxSite : IAsyncDisposable
{
    /// <summary>What stands at <c>/</c> of the host.</summary>
    public const string OtherPage = "something else of this host\n";

    private const string Nginx = "/usr/sbin/nginx";

    private readonly TempFolder _folder = new();
    private readonly int _port = Ports.Reserve();
    private ChildProcess? _process;

    private NginxSite(bool isSecure) => Host = new Uri($"{(isSecure ? "https" : "http")}://127.0.0.1:{_port}/");

    public Uri Host { get; }

    /// <summary>Where the relay is for its clients.</summary>
    public Uri Relay => new(Host, "relay/");

    /// <summary>The requests that are over, by their address as it came.</summary>
    public IReadOnlyList<string> Requests => File.ReadAllLines(_folder["access.log"]);

    /// <param name="relay">What it stands before.</param>
    /// <param name="certificate">What it has for TLS; null: none.</param>
    /// <param name="takesPathOff">As nginx does with <c>proxy_pass http://127.0.0.1:8160/</c>.</param>
    public static async Task<NginxSite> StartAsync(Uri relay, TestCertificate? certificate = null, bool takesPathOff = false)
    {
        var site = new NginxSite(certificate is not null);
        try
        {
            await site.Start(relay, certificate, takesPathOff);
            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            await process.DisposeAsync();
        }

        _folder.Dispose();
    }

    private async Task Start(Uri relay, TestCertificate? certificate, bool takesPathOff)
    {
        Directory.CreateDirectory(_folder["www"]);
        await File.WriteAllTextAsync(_folder["www/index.html"], OtherPage);
        await File.WriteAllTextAsync(_folder["relay.conf"], await ShippedSite(takesPathOff ? $"{relay.GetLeftPart(UriPartial.Authority)}/" : relay.GetLeftPart(UriPartial.Authority), certificate));
        await File.WriteAllTextAsync(_folder["nginx.conf"], Surroundings());
        _process = ChildProcess.Start(new ChildCommand(Nginx, "-p", _folder.Path, "-c", _folder["nginx.conf"], "-e", _folder["error.log"]));
        _process.CloseInput();
        try
        {
            await _process.Until(IsListening, "nginx listens");
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"nginx did not start. {await File.ReadAllTextAsync(_folder["error.log"])}", failure);
        }
    }

    private async Task<string> ShippedSite(string relay, TestCertificate? certificate)
    {
        var site = await File.ReadAllTextAsync(Repository.PathOf("deploy", "nginx", "relay.conf"));
        site = Put(site, "http://127.0.0.1:8160", relay);
        site = Put(site, "/var/www/html", _folder["www"]);
        if (certificate is null)
        {
            return Put(site, "    listen 80;", string.Create(CultureInfo.InvariantCulture, $"    listen 127.0.0.1:{_port};"));
        }

        site = Put(site, "    listen 80;\n", "");
        site = CommentedTls().Replace(site, "    ${directive}");
        site = Put(site, "listen 443 ssl;", string.Create(CultureInfo.InvariantCulture, $"listen 127.0.0.1:{_port} ssl;"));
        site = Put(site, "/etc/letsencrypt/live/tools.example.org/fullchain.pem", certificate.ChainFile);
        return Put(site, "/etc/letsencrypt/live/tools.example.org/privkey.pem", certificate.KeyFile);
    }

    /// <summary>What the system's own nginx.conf is for: a process in the foreground that writes nowhere but in the test's folder.</summary>
    private string Surroundings() => $$"""
        daemon off;
        {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
        worker_processes 1;
        pid {{_folder["pid"]}};
        error_log {{_folder["error.log"]}};
        events { }
        http {
            log_format address '$request_uri';
            access_log {{_folder["access.log"]}} address;
            client_body_temp_path {{_folder["client"]}};
            proxy_temp_path {{_folder["proxy"]}};
            fastcgi_temp_path {{_folder["fastcgi"]}};
            uwsgi_temp_path {{_folder["uwsgi"]}};
            scgi_temp_path {{_folder["scgi"]}};
            default_type text/html;
            include {{_folder["relay.conf"]}};
        }
        """;

    private bool IsListening()
    {
        try
        {
            using var probe = new TcpClient("127.0.0.1", _port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string Put(string site, string shipped, string here)
    {
        site.Split(shipped).Should().HaveCount(2, "deploy/nginx/relay.conf has '{0}' once", shipped);
        return site.Replace(shipped, here, StringComparison.Ordinal);
    }

    [GeneratedRegex("^    # (?<directive>(listen|ssl_certificate|ssl_certificate_key) .*;)$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex CommentedTls();
}
