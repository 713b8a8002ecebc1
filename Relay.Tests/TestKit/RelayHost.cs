using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Relay.Server;

namespace Relay.Tests.TestKit;

/// <summary>What a test may change about its <see cref="RelayHost"/>.</summary>
internal sealed class RelayHostOptions
{
    /// <summary>The clock of the whole server; a <see cref="FakeTime"/> stands still until it is advanced. Default: the real one.</summary>
    public TimeProvider? Time { get; set; }

    public TimeSpan Ttl { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Further configuration by key, e.g. <c>Streaming:ReaderGrace</c>; given on the command line, so it wins over everything else.</summary>
    public Dictionary<string, string> Settings { get; } = new(NoLimits.Settings, StringComparer.OrdinalIgnoreCase)
    {
        ["Serilog:MinimumLevel:Default"] = "Warning",
    };

    /// <summary>Whom its own client trusts; with a certificate in the settings.</summary>
    public TestAuthority? Authority { get; set; }

    /// <summary>Called last, before the server is built.</summary>
    public Action<WebApplicationBuilder>? Customize { get; set; }
}

/// <summary>A relay in this process: real Kestrel on a free port of 127.0.0.1, data in a folder of its own.</summary>
internal sealed class RelayHost : IAsyncDisposable
{
    private readonly RelayHostOptions _options = new();
    private readonly TempFolder _folder = new();
    private WebApplication? _app;
    private RelayApi? _api;

    private RelayHost()
    {
    }

    public RelayApi Api => _api ?? throw new InvalidOperationException("The relay is stopped.");

    public Uri BaseAddress => Api.BaseAddress;

    public HttpClient Http => Api.Http;

    public string DataFolder => _folder["data"];

    public IServiceProvider Services => _app?.Services ?? throw new InvalidOperationException("The relay is stopped.");

    public static async Task<RelayHost> StartAsync(Action<RelayHostOptions>? configure = null)
    {
        var host = new RelayHost();
        configure?.Invoke(host._options);
        try
        {
            await host.Start(port: 0);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>A stop in good order, as SIGTERM makes it.</summary>
    public async Task StopAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            await Eventually.Done(app.StopAsync(), "the relay stops");
            await Eventually.Done(app.DisposeAsync().AsTask(), "the relay lets go of its data");
        }

        _api?.Dispose();
        _api = null;
    }

    /// <summary>Stops, then starts on the same port and the same data.</summary>
    public async Task RestartAsync()
    {
        var port = BaseAddress.Port;
        await StopAsync();
        await Start(port);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await StopAsync();
        }
        finally
        {
            _folder.Dispose();
        }
    }

    private async Task Start(int port)
    {
        string[] arguments =
        [
            "--host", "127.0.0.1",
            "--port", port.ToString(CultureInfo.InvariantCulture),
            "--data", DataFolder,
            "--ttl", _options.Ttl.TotalSeconds.ToString(CultureInfo.InvariantCulture),
            .. _options.Settings.SelectMany(setting => new[] { $"--{setting.Key}", setting.Value }),
        ];
        _app = RelayApplication.Build(arguments, builder =>
        {
            if (_options.Time is { } time)
            {
                builder.Services.AddSingleton(time);
            }
            _options.Customize?.Invoke(builder);
        });
        await Eventually.Done(_app.StartAsync(), "the relay starts");
        _api = new RelayApi(new Uri(_app.Urls.Single()), _options.Authority);
    }
}
