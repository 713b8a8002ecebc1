using System.Text.Json;

namespace Relay.Tests.TestKit;

/// <summary>
/// A client of the original proxy: Debian's Python with <c>websocket</c> and <c>requests</c>, running a script of <c>PythonPeer/</c>. The scripts
/// report what happens to them as JSON objects with an <c>event</c>, one a line.
/// </summary>
internal static class PythonPeer
{
    public const string Interpreter = "/usr/bin/python3";

    public static ChildProcess Start(string script, params string[] arguments) =>
        ChildProcess.Start(new ChildCommand(Interpreter, [Repository.PathOf("Relay.Tests", "PythonPeer", script), .. arguments]));

    public static IReadOnlyList<JsonElement> Events(this ChildProcess peer) =>
        [.. peer.StdoutText.Split('\n').SkipLast(1).Select(line => JsonDocument.Parse(line).RootElement)];

    public static IEnumerable<JsonElement> Events(this ChildProcess peer, string name) =>
        peer.Events().Where(e => e.GetProperty("event").GetString() == name);

    public static async Task<JsonElement> Event(this ChildProcess peer, string name, TimeSpan? deadline = null)
    {
        await peer.Until(() => peer.Events(name).Any(), $"the Python peer reports '{name}'", deadline);
        return peer.Events(name).First();
    }

    /// <summary>The texts that <c>reader.py</c> got, one a message.</summary>
    public static IEnumerable<string> Messages(this ChildProcess reader) => reader.Events("message").Select(e => e.GetProperty("text").GetString()!);
}
