using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Relay.Tests.TestKit;

/// <summary>A relay as a process of its own: one that can be killed, and started again on the same port and data.</summary>
internal sealed class RelayServerProcess : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string[] _settings;
    private ChildProcess? _process;

    private RelayServerProcess(int? port, TestAuthority? authority, string[] settings)
    {
        _settings = settings;
        Port = port ?? Ports.Reserve();
        Api = new RelayApi(new Uri($"{(authority is null ? "http" : "https")}://127.0.0.1:{Port}"), authority);
    }

    public int Port { get; }

    public RelayApi Api { get; }

    public Uri BaseAddress => Api.BaseAddress;

    public string DataFolder => _folder["data"];

    public static Task<RelayServerProcess> StartAsync(int? port = null, params string[] settings) => StartAsync(new RelayServerProcess(port, null, settings));

    /// <summary>With TLS.</summary>
    public static Task<RelayServerProcess> StartAsync(TestAuthority authority, params string[] settings) =>
        StartAsync(new RelayServerProcess(null, authority, settings));

    private static async Task<RelayServerProcess> StartAsync(RelayServerProcess server)
    {
        try
        {
            await server.Start();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the process and does not wait until it is healthy: so it can be killed while it starts.</summary>
    public ChildProcess Launch()
    {
        _process = ChildProcess.Start(DotNet.Server(["--host", "127.0.0.1", "--port", Port.ToString(CultureInfo.InvariantCulture), "--data", DataFolder, .. NoLimits.Arguments, .. _settings]));
        _process.CloseInput();
        return _process;
    }

    public async Task Start()
    {
        var process = Launch();
        await Eventually.True(
            async () =>
            {
                if (process.HasExited)
                {
                    return true;
                }

                using var answer = await Api.Http.GetAsync("/health");
                return answer.StatusCode == HttpStatusCode.OK;
            },
            "the server is healthy",
            TimeSpan.FromSeconds(60),
            process.Describe);
        if (process.HasExited)
        {
            throw new InvalidOperationException($"The server did not start. {process.Describe()}");
        }
    }

    /// <summary>SIGKILL: no goodbye to anybody, no flush.</summary>
    public async Task KillHard()
    {
        var process = Running();
        process.Send(Signal.Kill);
        await process.WaitForExit();
        await process.DisposeAsync();
        _process = null;
    }

    /// <summary>SIGTERM. Returns how long the process took to go.</summary>
    public async Task<TimeSpan> Terminate()
    {
        var process = Running();
        var started = Stopwatch.GetTimestamp();
        process.Send(Signal.Term);
        await process.WaitForExit();
        var took = Stopwatch.GetElapsedTime(started);
        await process.DisposeAsync();
        _process = null;
        return took;
    }

    /// <summary>All that the running process has said so far, on both outputs.</summary>
    public string Said => Running().StdoutText + Running().StderrText;

    public string Describe() => _process?.Describe() ?? "The server is stopped.";

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            await process.DisposeAsync();
        }

        Api.Dispose();
        _folder.Dispose();
    }

    private ChildProcess Running() => _process ?? throw new InvalidOperationException("The server is stopped.");
}
