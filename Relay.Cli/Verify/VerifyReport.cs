using Relay.Contracts;

namespace Relay.Cli.Verify;

/// <summary>All that <c>relay verify</c> found out.</summary>
internal sealed record VerifyReport(string Session, SessionReading Reading, IReadOnlyList<OutputFinding> Outputs, FileComparison? Against)
{
    public Finding Finding => Against?.FirstDifference is null ? Outputs.Max(output => output.Finding) : Finding.Mismatch;

    public int ExitCode => Finding switch
    {
        Finding.Verified => Cli.ExitCode.Ok,
        Finding.Unchecked => Cli.ExitCode.NotVerified,
        Finding.NotEnded => Cli.ExitCode.NotEnded,
        _ => Cli.ExitCode.BytesMissing,
    };

    public static VerifyReport Of(string session, SessionReading reading, FileComparison? against) =>
        new(session, reading, [.. reading.Accounts.Select(account => OutputFinding.Of(reading, account))], against);

    /// <summary>How the session ended, or that it has not.</summary>
    public string Ending => Reading.Status switch
    {
        { ExitCode: { } code } => $"the job ended with exit code {code}",
        { State: "completed" } => "the job ended without an exit code",
        { Outputs: var outputs } when outputs.Values.Any(output => output.Writer is not null) => "the session has not ended: a writer is connected",
        { Outputs: var outputs } when outputs.Values.Any(output => output.State != "waiting") => "the session has not ended: the writer left without completing",
        _ => "the session has not ended: no writer has come yet",
    };
}
