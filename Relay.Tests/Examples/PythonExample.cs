using Relay.Tests.TestKit;

namespace Relay.Tests.Examples;

/// <summary>The programs of <c>examples/python</c> under Debian's Python, and the jobs of <c>PythonPeer/jobs</c> that import the writer.</summary>
internal static class PythonExample
{
    private static readonly string Folder = Repository.PathOf("examples", "python");

    /// <summary>A job that calls <c>relay_writer.attach(session, url)</c>.</summary>
    public static ChildProcess Job(string name, string session, Uri relay, params string[] more) =>
        Start(Repository.PathOf("Relay.Tests", "PythonPeer", "jobs", $"{name}.py"), [session, Address(relay), .. more]);

    /// <summary><c>relay_writer.py --session SESSION --url URL -- COMMAND…</c></summary>
    public static ChildProcess Writer(string session, Uri relay, params string[] command) =>
        Start(Path.Combine(Folder, "relay_writer.py"), ["--session", session, "--url", Address(relay), "--", .. command]);

    /// <summary><c>relay_reader.py SESSION --url URL …</c></summary>
    public static ChildProcess Reader(string session, Uri relay, params string[] more) =>
        Start(Path.Combine(Folder, "relay_reader.py"), [session, "--url", Address(relay), .. more]);

    /// <summary>Any of it, with the authority of a relay by <c>$RELAY_CA</c>.</summary>
    public static ChildProcess Trusting(TestAuthority authority, string script, params string[] arguments) => Start(
        File.Exists(Path.Combine(Folder, script)) ? Path.Combine(Folder, script) : Repository.PathOf("Relay.Tests", "PythonPeer", "jobs", script), arguments, authority.CaFile);

    private static string Address(Uri relay) => relay.AbsoluteUri.TrimEnd('/');

    private static ChildProcess Start(string script, string[] arguments, string? authorities = null) => ChildProcess.Start(new ChildCommand(PythonPeer.Interpreter, [script, .. arguments])
    {
        Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["PYTHONPATH"] = Folder, ["RELAY_CA"] = authorities },
    });
}
