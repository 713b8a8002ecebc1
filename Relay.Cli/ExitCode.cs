using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli;

/// <summary>
/// Exit codes of <c>relay</c> itself. A completed job's own exit code is passed on, so these stay away from the ones that jobs and shells
/// use; three of them remind of the HTTP status.
/// </summary>
internal static class ExitCode
{
    /// <summary>All that was asked for was shown; the job's exit code is not known.</summary>
    public const int Ok = 0;

    /// <summary><c>search</c>: no line matches, as grep says it.</summary>
    public const int NothingFound = 1;

    /// <summary>The command line was wrong.</summary>
    public const int Usage = Invocation.UsageError;

    /// <summary>The relay refused for another reason, which the message says.</summary>
    public const int Refused = 100;

    /// <summary>No relay could be reached (as in 503).</summary>
    public const int CannotConnect = 103;

    /// <summary>There is no such session (as in 404).</summary>
    public const int SessionNotFound = 104;

    /// <summary>Bytes are missing from what was shown, or a part of it was lost later (as in 206). Goes before the job's own code.</summary>
    public const int BytesMissing = 106;

    /// <summary><c>verify</c>: nothing is wrong, but the session has not completed, so more may come.</summary>
    public const int NotEnded = 107;

    /// <summary><c>verify</c>: nothing is wrong, but the writer reported no totals that could prove it.</summary>
    public const int NotVerified = 108;

    /// <summary>The session was deleted, expired or replaced (as in 410).</summary>
    public const int SessionGone = 110;

    /// <summary>Interrupted, as shells say it.</summary>
    public const int Interrupted = 130;

    /// <summary>Nobody reads our output any more, as shells say it.</summary>
    public const int BrokenPipe = 141;

    /// <summary>Terminated, as shells say it.</summary>
    public const int Terminated = 143;

    /// <summary>The table, for <c>--help</c>.</summary>
    public const string Help = """
        Exit codes: the job's own once it completed (of several the highest), else
            0  all that was asked for was shown
            2  wrong command line
          100  refused by the relay; the message says why
          103  no relay could be reached
          104  no such session, or none that matches
          106  bytes are missing from what was shown (goes before all others)
          110  the session was deleted, expired or replaced
          130  interrupted          141  nobody reads the output          143  terminated
        """;

    /// <summary>The table of commands that only ask or tell the relay something.</summary>
    public const string ShortHelp = """
        Exit codes:
            0  done
            2  wrong command line
          100  refused by the relay; the message says why
          103  no relay could be reached
          104  no such session
          106  the answer could not be written
          110  the session was deleted or expired
          130  interrupted          141  nobody reads the output          143  terminated
        """;

    /// <summary>The exit code of a failure.</summary>
    public static int Of(RelayException failure) => failure switch
    {
        SessionNotFoundException => SessionNotFound,
        SessionGoneException => SessionGone,
        { Code: RelayErrorCode.ConnectionLost } => CannotConnect,
        { Code: RelayErrorCode.InvalidSessionId } => Usage,
        _ => Refused,
    };
}
