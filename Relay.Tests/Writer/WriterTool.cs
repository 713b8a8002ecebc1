using System.Text;
using Relay.Client;
using Relay.Contracts;
using Relay.Terminal;
using Relay.Tests.TestKit;
using Relay.Writer;

namespace Relay.Tests.Writer;

/// <summary><c>relay-writer</c> in this process, with its outputs in memory and its spools in a folder of its own.</summary>
internal sealed class WriterTool(Uri url) : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly MemoryStream _out = new();
    private readonly MemoryStream _err = new();

    public string Spools => _folder["spools"];

    public string Out => Encoding.UTF8.GetString(_out.ToArray());

    public string Error => Encoding.UTF8.GetString(_err.ToArray());

    public IReadOnlyList<SpoolSummary> Left => SpoolFolder.List(Spools);

    /// <summary><c>relay-writer run --session SESSION … -- bash -c SCRIPT</c></summary>
    public Task<int> Run(string session, string script, params string[] options) =>
        Start(null, ["run", "--session", session, .. Where(options), .. options, "--", "bash", "-c", script]);

    public Task<int> Pipe(string session, Stream input, params string[] options) =>
        Start(input, ["pipe", "--session", session, .. Where(options), .. options]);

    public Task<int> Recover(params string[] options) => Start(null, ["recover", .. options]);

    public void Forget()
    {
        _out.SetLength(0);
        _err.SetLength(0);
    }

    public void Dispose()
    {
        _out.Dispose();
        _err.Dispose();
        _folder.Dispose();
    }

    private string[] Where(string[] options) =>
        ["--url", url.AbsoluteUri.TrimEnd('/'), .. options.Contains("--spool") ? Array.Empty<string>() : ["--spool", Spools]];

    private Task<int> Start(Stream? input, string[] arguments) => Eventually.Done(
        WriterCommandLine.RunAsync(
            arguments,
            new StandardStreams(_out, Stream.Synchronized(_err), ErrorIsTerminal: false) { OpenInput = () => input ?? Stream.Null },
            CancellationToken.None),
        $"relay-writer {arguments[0]} ends");
}
