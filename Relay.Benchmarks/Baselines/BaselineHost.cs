using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Relay.Benchmarks.Baselines;

/// <summary>A web application as the templates make it, without its logs.</summary>
internal static class BaselineHost
{
    public static WebApplication Create(int port, Action<WebApplicationBuilder> configure)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        configure(builder);
        return builder.Build();
    }
}
