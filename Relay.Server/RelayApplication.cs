using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Relay.Server.Dashboard;
using Relay.Server.Lines;
using Relay.Server.Observability;
using Relay.Server.Security;
using Relay.Server.Sessions;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Server.Streaming;

namespace Relay.Server;

/// <summary>Puts the relay together.</summary>
internal static class RelayApplication
{
    /// <summary>Exit code when settings or surroundings keep the relay from starting.</summary>
    private const int CannotStart = 2;

    public static string Version { get; } = typeof(RelayApplication).Assembly.GetName().Version!.ToString(3);

    /// <summary>Runs the relay until it is told to stop.</summary>
    /// <returns>The exit code of the process.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        if (args.Contains("--help", StringComparer.Ordinal) || args.Contains("-h", StringComparer.Ordinal))
        {
            Console.WriteLine(CommandLine.Help);
            return 0;
        }

        if (args is ["--version"])
        {
            Console.WriteLine(Version);
            return 0;
        }

        try
        {
            await using var app = Build(args);
            await app.RunAsync();
            return 0;
        }
        catch (Exception e) when (FaultsOf(e) is { } faults)
        {
            foreach (var fault in faults)
            {
                await Console.Error.WriteLineAsync($"relay-server: {fault}");
            }

            return CannotStart;
        }
    }

    /// <summary>Builds the relay.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="customize">A last word before it is built, for tests.</param>
    /// <exception cref="StartupException">Settings are wrong.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? customize = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, EnvironmentName = Environments.Production });
        var faults = new List<string>();
        builder.Configuration.Sources.Clear(); // Foreign variables such as PORT or HOST must not reach the relay.
        builder.Configuration
            .AddJsonFile("appsettings.json", optional: true)
            .AddEnvironmentVariables("RELAY_")
            .AddInMemoryCollection(CommandLine.Parse(args, faults));
        var relay = RelayServerOptions.Read(builder.Configuration, faults);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(4));
        FileHandles.ConnectionsOfAKind(faults);
        builder.UseKestrel(relay, builder.AddTls(faults));
        builder.AddObservability(relay, faults);
        builder.AddSecurity(relay);
        builder.AddLimits();
        builder.AddStorage(relay);
        builder.AddSessions(relay);
        builder.AddStreaming();
        builder.AddLines();
        builder.AddRedaction();
        customize?.Invoke(builder);

        var app = builder.Build();
        faults.AddRange(OptionsValidation.FaultsOf<StorageOptions>(app.Services, StorageOptions.Section));
        faults.AddRange(OptionsValidation.FaultsOf<Sessions.SessionOptions>(app.Services, Sessions.SessionOptions.Section));
        faults.AddRange(OptionsValidation.FaultsOf<StreamingOptions>(app.Services, StreamingOptions.Section));
        faults.AddRange(OptionsValidation.FaultsOf<LinesOptions>(app.Services, LinesOptions.Section));
        faults.AddRange(OptionsValidation.FaultsOf<SecurityOptions>(app.Services, SecurityOptions.Section));
        faults.AddRange(OptionsValidation.FaultsOf<RedactionOptions>(app.Services, RedactionOptions.Section));
        faults.AddRange(OptionsValidation.FaultsOf<LimitOptions>(app.Services, LimitOptions.Section));
        if (faults.Count > 0)
        {
            throw new StartupException(faults);
        }

        app.UsePathBase(relay.PathBase);
        app.UseObservability(relay);
        app.UseSecurity();
        app.MapObservability();
        app.MapSecurity();
        app.MapSessions();
        app.MapStreaming();
        app.MapLines();
        app.MapDashboard(relay);
        return app;
    }

    private static void UseKestrel(this WebApplicationBuilder builder, RelayServerOptions relay, Action<ListenOptions>? tls)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxResponseBufferSize = 16 * 1024; // A quarter of the default: a reader that takes nothing costs that much less.
            kestrel.Listen(relay.Address, relay.Port, listener =>
            {
                listener.Protocols = HttpProtocols.Http1; // Of HTTP/2 one connection could carry more requests than connections are allowed.
                listener.Use(next => listener.ApplicationServices.GetRequiredService<ConnectionLimits>().Guard(next)); // Before TLS.
                tls?.Invoke(listener);
            });
        });
        if (tls is null)
        {
            // With TLS a stalled reader would keep too many of them, and it is not the system calls that take the time.
            builder.Services.AddSingleton<IMemoryPoolFactory<byte>, SocketMemory>();
        }

        builder.WebHost.UseSockets(sockets =>
        {
            sockets.CreateBoundListenSocket = BindSocket;

            // Between a socket and its request no change of threads: both are the pool's. Unsafe it would be where sockets have threads of their own.
            sockets.UnsafePreferInlineScheduling = true;

            // With TLS a stalled reader also costs a record on its way to the socket: what waits there already encrypted is held small in return.
            sockets.MaxWriteBufferSize = tls is null ? sockets.MaxWriteBufferSize : 16 * 1024;
        });
    }

    private static Socket BindSocket(System.Net.EndPoint endPoint)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);

        // Accepted sockets inherit both. A stalled reader costs a small kernel buffer instead of the default's megabytes (HubSocket asks for more, for
        // the large batches of the hub), and a half-open HTTP writer, which no ping can find, loses its lease in half a minute.
        socket.SendBufferSize = 64 * 1024;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 10);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 5);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        return socket;
    }

    /// <summary>The lines to show for a failure that the user can mend; null for any other, which deserves its stack.</summary>
    private static IEnumerable<string>? FaultsOf(Exception failure) => failure switch
    {
        StartupException startup => startup.Faults,
        StoreUnavailableException store => [store.Message],
        IOException { InnerException: AddressInUseException } bind => [$"{bind.Message} Stop the other process, or choose another port with --port."],
        SocketException socket => [$"The address cannot be listened on: {socket.Message}. Choose another with --host and --port."],
        InvalidDataException json => [json.InnerException is { } inner ? $"{json.Message} {inner.Message}" : json.Message],
        _ => null,
    };
}
