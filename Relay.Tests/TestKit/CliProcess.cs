namespace Relay.Tests.TestKit;

/// <summary><c>relay</c> and <c>relay-writer</c> against a relay.</summary>
internal static class CliProcess
{
    /// <summary><c>relay tail SESSION --url U …</c></summary>
    public static ChildProcess Tail(Uri relay, string session, params string[] more)
    {
        var tail = ChildProcess.Start(DotNet.Cli(["tail", session, "--url", Address(relay), .. more]));
        tail.CloseInput();
        return tail;
    }

    /// <summary><c>relay-writer run --session SESSION --url U -- COMMAND…</c></summary>
    public static ChildProcess Run(Uri relay, string session, params string[] command) =>
        ChildProcess.Start(DotNet.Writer(["run", "--session", session, "--url", Address(relay), "--", .. command]));

    /// <summary>As <see cref="Run"/>, with its spool in a folder that the test knows.</summary>
    public static ChildProcess RunWithSpool(Uri relay, string session, string spools, params string[] command) =>
        ChildProcess.Start(DotNet.Writer(["run", "--session", session, "--url", Address(relay), "--spool", spools, "--", .. command]));

    /// <summary>The same as words of a shell.</summary>
    public static string TailWords(Uri relay, string session)
    {
        var command = DotNet.Cli("tail", session, "--url", Address(relay));
        return string.Join(' ', command.Arguments.Prepend(command.FileName).Select(word => $"'{word}'"));
    }

    private static string Address(Uri relay) => relay.AbsoluteUri.TrimEnd('/');
}
