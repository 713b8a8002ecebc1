using System.Diagnostics;

namespace Relay.Tests.TestKit;

/// <summary>
/// A script of <c>Relay.Tests/JsPeer</c> running in Node with the real SignalR packages. Lines go in and come out.
/// The packages are installed once (<c>npm ci</c>) when the first script starts.
/// </summary>
internal sealed class NodePeer : IAsyncDisposable
{
    private static readonly SemaphoreSlim Installing = new(1, 1);

    private readonly Process _process;
    private readonly Task<string> _errors;

    private NodePeer(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    private static string Folder => Path.Combine(RepositoryRoot(), "Relay.Tests", "JsPeer");

    /// <summary>Starts a script. It runs until it ends by itself or is disposed.</summary>
    public static async Task<NodePeer> StartAsync(string script, params string[] arguments)
    {
        await InstallPackagesAsync();
        return new NodePeer(Start("node", [script, .. arguments]));
    }

    /// <summary>Runs a script to its end and returns what it printed, by line.</summary>
    /// <param name="script">Its name.</param>
    /// <param name="arguments">What it is given.</param>
    /// <param name="input">Its lines to read.</param>
    /// <param name="timeLimit">How long it may take.</param>
    /// <param name="authorities">A file with whom it trusts beside those of Node.</param>
    /// <exception cref="InvalidOperationException">It failed; the message has what it wrote as errors.</exception>
    /// <exception cref="TimeoutException">It took too long, and was killed.</exception>
    public static async Task<IReadOnlyList<string>> RunAsync(string script, IReadOnlyList<string> arguments, IReadOnlyList<string> input, TimeSpan timeLimit, string? authorities = null)
    {
        await InstallPackagesAsync();
        await using var peer = new NodePeer(Start("node", [script, .. arguments], authorities));
        return await peer.CompleteAsync(input).WaitAsync(timeLimit);
    }

    /// <summary>Writes one line to the script.</summary>
    public async Task SendAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Reads the script's next line; null once it ended.</summary>
    /// <exception cref="TimeoutException">None came in time.</exception>
    public async Task<string?> ReceiveAsync(TimeSpan timeLimit)
    {
        using var expired = new CancellationTokenSource(timeLimit);
        try
        {
            return await _process.StandardOutput.ReadLineAsync(expired.Token);
        }
        catch (OperationCanceledException exception)
        {
            throw new TimeoutException($"The script printed nothing for {timeLimit}.", exception);
        }
    }

    /// <summary>Writes the last lines, ends the script's input and returns the rest of its output, by line.</summary>
    public async Task<IReadOnlyList<string>> CompleteAsync(IReadOnlyList<string> input)
    {
        // Both directions at once: a script that answers line by line must not block on a full pipe.
        var output = _process.StandardOutput.ReadToEndAsync();
        try
        {
            foreach (var line in input)
            {
                await _process.StandardInput.WriteLineAsync(line);
            }

            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The script ended early; its exit code and its errors say why.
        }

        await _process.WaitForExitAsync();
        return _process.ExitCode == 0
            ? (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            : throw new InvalidOperationException($"The process ended with exit code {_process.ExitCode}: {await _errors}{await output}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static async Task InstallPackagesAsync()
    {
        await Installing.WaitAsync();
        try
        {
            // npm writes this file last, so a broken installation is done again.
            if (!File.Exists(Path.Combine(Folder, "node_modules", ".package-lock.json")))
            {
                await using var npm = new NodePeer(Start("npm", ["ci", "--no-audit", "--no-fund"]));
                await npm.CompleteAsync([]).WaitAsync(TimeSpan.FromMinutes(2));
            }
        }
        finally
        {
            Installing.Release();
        }
    }

    private static Process Start(string program, IEnumerable<string> arguments, string? authorities = null) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        WorkingDirectory = Folder,
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        Environment = { ["NODE_EXTRA_CA_CERTS"] = authorities },
    })!;

    private static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "SparkLogRelay.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds SparkLogRelay.sln.");
    }
}
