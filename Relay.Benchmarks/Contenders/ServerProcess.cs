using System.Diagnostics;
using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;

namespace Relay.Benchmarks.Contenders;

/// <summary>A server in a process of its own on 127.0.0.1, and what the operating system says of it.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    private readonly Process _process;
    private readonly string _pipe;

    private ServerProcess(Process process, Uri url, string pipe) => (_process, Url, _pipe) = (process, url, pipe);

    public Uri Url { get; }

    /// <summary>From the start of the process to the end of the first request that it answered.</summary>
    public TimeSpan StartTime { get; private init; }

    /// <summary>Processor time of all its threads, user and system, since its start.</summary>
    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Starts one of the programs beside this one, and waits until it answers.</summary>
    /// <param name="assembly">File name of its assembly.</param>
    /// <param name="health">A path that is answered with 200 when it is ready.</param>
    /// <param name="environment">Settings.</param>
    /// <param name="arguments">Makes its arguments from the port that it is to listen on.</param>
    public static async Task<ServerProcess> StartAsync(string assembly, string health, IReadOnlyDictionary<string, string> environment, Func<int, string[]> arguments)
    {
        var port = FreePort();
        var pipe = $"relay-benchmarks-{Guid.NewGuid():N}";
        var start = Programs.Start(assembly, arguments(port));
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location;
        start.Environment[StartupHook.PipeVariable] = pipe;
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var began = Stopwatch.GetTimestamp();
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        var complaints = process.StandardError.ReadToEndAsync();
        var url = new Uri($"http://127.0.0.1:{port}");
        using var http = new HttpClient { BaseAddress = url };
        while (!await AnswersAsync(http, health))
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(began) > StartTimeout)
            {
                process.Kill();
                throw new InvalidOperationException($"{assembly} does not answer. {await complaints}");
            }
        }

        return new ServerProcess(process, url, pipe) { StartTime = Stopwatch.GetElapsedTime(began) };
    }

    /// <summary>Bytes of its managed heap after a full collection.</summary>
    public async Task<long> HeapAsync()
    {
        using var pipe = new NamedPipeClientStream(".", _pipe, PipeDirection.In);
        await pipe.ConnectAsync();
        var answer = new byte[sizeof(long)];
        await pipe.ReadExactlyAsync(answer);
        return BitConverter.ToInt64(answer);
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        File.Delete(Path.Combine(Path.GetTempPath(), $"CoreFxPipe_{_pipe}")); // Where .NET has named pipes; nobody else would.
    }

    private static async Task<bool> AnswersAsync(HttpClient http, string path)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, CancellationToken.None);
            return false;
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
