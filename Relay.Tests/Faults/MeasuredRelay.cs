using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Relay.Tests.TestKit;

namespace Relay.Tests.Faults;

/// <summary>A relay in a process of its own that tells how much managed memory it has in use: what the test itself uses is no part of it.</summary>
internal sealed class MeasuredRelay : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ChildProcess _process;

    private MeasuredRelay(TestAuthority? authority, string[] settings)
    {
        var port = Ports.Reserve();
        Api = new RelayApi(new Uri($"{(authority is null ? "http" : "https")}://127.0.0.1:{port}"), authority);
        var server = DotNet.Server(["--host", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture), "--data", _folder["data"], .. NoLimits.Arguments, .. settings]);
        _process = ChildProcess.Start(server with
        {
            Environment = new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location,
                [StartupHook.SocketVariable] = Probe,
            },
        });
        _process.CloseInput();
    }

    public RelayApi Api { get; }

    public Uri BaseAddress => Api.BaseAddress;

    private string Probe => _folder["probe"];

    public static Task<MeasuredRelay> StartAsync(params string[] settings) => StartAsync(new MeasuredRelay(null, settings));

    /// <summary>With TLS.</summary>
    public static Task<MeasuredRelay> StartAsync(TestAuthority authority, params string[] settings) => StartAsync(new MeasuredRelay(authority, settings));

    private static async Task<MeasuredRelay> StartAsync(MeasuredRelay relay)
    {
        try
        {
            await Eventually.True(relay.IsHealthy, "the server is healthy", TimeSpan.FromSeconds(60), relay._process.Describe);
            return relay;
        }
        catch
        {
            await relay.DisposeAsync();
            throw;
        }
    }

    /// <summary>Bytes of managed memory that are still in use after a full collection.</summary>
    public async Task<long> HeapAsync()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Probe));
        var answer = new byte[32];
        var count = await Eventually.Done(socket.ReceiveAsync(answer), "the server tells its memory", TimeSpan.FromSeconds(60), _process.Describe);
        return long.Parse(Encoding.ASCII.GetString(answer, 0, count), CultureInfo.InvariantCulture);
    }

    /// <summary>How many files and sockets the process has open.</summary>
    public int Handles() => Directory.GetFileSystemEntries($"/proc/{_process.Id.ToString(CultureInfo.InvariantCulture)}/fd").Length;

    public string Describe() => _process.Describe();

    /// <summary>Bytes of memory the process has, whatever for.</summary>
    public long Resident() => ProcessMemory.Resident(_process.Id);

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Api.Dispose();
        _folder.Dispose();
    }

    private async Task<bool> IsHealthy()
    {
        using var answer = await Api.Http.GetAsync("/health");
        return answer.StatusCode == HttpStatusCode.OK;
    }
}
