using System.Globalization;
using System.Text.RegularExpressions;
using Relay.Tests.TestKit;

namespace Relay.Tests.Docs;

/// <summary>
/// What a reader of a page has, in a folder that goes away: the repository's files, a home, a relay on a port of its own, the built programs in
/// PATH, and stand-ins for programs that cannot be here (<c>Shims/</c>). Everything else is real.
/// </summary>
internal sealed partial class PageSandbox : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly int _port = Ports.Reserve();

    public PageSandbox()
    {
        Directory.CreateDirectory(Root);
        foreach (var entry in Directory.GetFileSystemEntries(Repository.Root).Where(entry => Path.GetFileName(entry) is not ".git"))
        {
            File.CreateSymbolicLink(Path.Combine(Root, Path.GetFileName(entry)), entry);
        }

        foreach (var folder in (string[])["home", "tmp", "blocks", .. SystemFolders.Select(folder => $"system{folder}")])
        {
            Directory.CreateDirectory(_folder[folder]);
        }

        // The files that the commands speak of: a job, an application, and logs that were already there.
        File.WriteAllText(Path.Combine(Root, "job.out"), string.Concat(Enumerable.Range(1, 1000).Select(i => $"line {i}\n")));
        File.WriteAllText(Path.Combine(Root, "more.out"), "another line\n");
        File.WriteAllText(Path.Combine(Root, "job.py"), "print('a line of the job')\n");
        File.WriteAllText(Path.Combine(Root, "app.jar"), "");
    }

    public string TemporaryFolder => _folder["tmp"];

    private static string[] SystemFolders => ["/opt", "/var/lib", "/etc/systemd/system", "/etc/nginx/conf.d", "/usr/local/bin"];

    private string Root => _folder["repository"];

    public ChildProcess Run(string page, IEnumerable<DocBlock> blocks)
    {
        var commands = blocks.ToList();
        if (commands is not [{ Marker.Background: true } first, ..] || !first.Text.Contains("Relay.Server", StringComparison.Ordinal))
        {
            // A page that does not say how to start a relay is read by somebody who has one.
            commands.Insert(0, new DocBlock(page, 0, "sh", "dotnet run -c Release --project Relay.Server\n", new DocMarker(Background: true)));
        }

        foreach (var block in commands)
        {
            File.WriteAllText(Path.Combine(_folder["blocks"], FileName(block)), Here(block.Text));
        }

        return ChildProcess.Start(Command(Repository.PathOf("Relay.Tests", "Docs", "run-page.sh"), page, _folder["blocks"]));
    }

    /// <summary>A command in the sandbox.</summary>
    public ChildCommand Command(string program, params string[] arguments) => new("bash", [program, .. arguments])
    {
        WorkingDirectory = Root,
        Environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["PATH"] = $"{Repository.PathOf("Relay.Tests", "Docs", "Shims")}:{Environment.GetEnvironmentVariable("PATH")}",
            ["HOME"] = _folder["home"],
            ["TMPDIR"] = TemporaryFolder,
            ["RELAY_URL"] = $"http://127.0.0.1:{_port}",
            ["RELAY_HOST"] = "127.0.0.1",
            ["RELAY_PORT"] = _port.ToString(CultureInfo.InvariantCulture),
            ["RELAY_DATA"] = _folder["data"],
            ["DOCS_ROOT"] = Repository.Root,
            ["DOCS_CONFIGURATION"] = Repository.Configuration,
            ["DOCS_DOTNET"] = DotNet.Host,
            ["DOCS_SCRATCH"] = TemporaryFolder,
            ["DOTNET_ROOT"] = DotNet.Root,
        },
    };

    public void Dispose() => _folder.Dispose();

    private static string FileName(DocBlock block) => string.Create(CultureInfo.InvariantCulture, $"{block.Line:0000}.") + block.Marker switch
    {
        { Background: true, ExitCode: 0 } => "background",
        { Background: true, ExitCode: var code } => $"background-exits-{code}",
        { ExitCode: 0 } => "run",
        { ExitCode: var code } => $"exits-{code}",
    };

    /// <summary>The same commands with this machine's places: the sandbox's relay and folders, and a demonstration that is soon over.</summary>
    private string Here(string text)
    {
        text = Address().Replace(text, $"127.0.0.1:{_port}");
        text = SystemPath().Replace(text, match => _folder["system"] + match.Value);
        return Demo().Replace(text, "./demo.sh --seconds 2");
    }

    [GeneratedRegex(@"(127\.0\.0\.1|localhost|relay\.example\.org):8160", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Address();

    [GeneratedRegex(@"(?<![\w.}/-])/(opt|var/lib|etc/systemd/system|etc/nginx/conf\.d|usr/local/bin)/", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex SystemPath();

    [GeneratedRegex(@"\./demo\.sh\b(?! --seconds)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Demo();
}
