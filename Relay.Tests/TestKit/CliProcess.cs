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

    private static string Address(Uri relay) => relay.AbsoluteUri.TrimEnd('/');
}
