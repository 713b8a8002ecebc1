using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Relay.Client;
using Relay.Server;

namespace Relay.Benchmarks.Pictures;

/// <summary>A relay in this process, for the sake of its calendar; data in a folder of its own, gone afterwards.</summary>
internal sealed class StagedRelay : IAsyncDisposable
{
    private readonly string _folder;
    private readonly WebApplication _app;

    private StagedRelay(string folder, WebApplication app, StagedTime time)
    {
        (_folder, _app, Time) = (folder, app, time);
        Url = new Uri(app.Urls.Single());
        Client = new RelayClient(Url);
    }

    public StagedTime Time { get; }

    public Uri Url { get; }

    public RelayClient Client { get; }

    public static async Task<StagedRelay> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("relay-pictures-").FullName;
        var time = new StagedTime();
        string[] arguments = ["--host", "127.0.0.1", "--port", "0", "--data", folder, "--ttl", "30d"];
        var app = RelayApplication.Build(arguments, builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(time);
            builder.Logging.ClearProviders();
        });
        await app.StartAsync();
        return new StagedRelay(folder, app, time);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
