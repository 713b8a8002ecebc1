using Relay.Client;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Cli.Verify;

/// <summary>One run of <c>relay verify</c>.</summary>
internal sealed class VerifyRun(RelayClient client, StandardStreams streams, VerifyRequest request)
{
    /// <summary>A session that completes, or a relay that crashes, while it is read is read again. More often than that is no accident.</summary>
    private const int MaxReadings = 3;

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        FileComparison? comparison = null;
        try
        {
            comparison = OpenFile();
            if (request.Wait)
            {
                await EndAsync(cancellationToken);
            }

            for (var reading = 1; ; reading++)
            {
                var read = await ReadAsync(comparison, cancellationToken);
                if (reading == MaxReadings || !(read.IsOutdated || read.HasDiverged))
                {
                    return Print(VerifyReport.Of(request.Session, read, comparison));
                }

                comparison?.Dispose();
                comparison = OpenFile();
            }
        }
        catch (UnreadableFileException failure)
        {
            streams.Say("relay", failure.Message);
            return ExitCode.Usage;
        }
        finally
        {
            comparison?.Dispose();
        }
    }

    private FileComparison? OpenFile() => request.Against is { } path ? FileComparison.Open(path, request.Outputs[0]) : null;

    private async Task<SessionReading> ReadAsync(FileComparison? comparison, CancellationToken cancellationToken)
    {
        var status = await client.GetSessionAsync(request.Session, cancellationToken)
            ?? throw new SessionNotFoundException($"There is no session '{request.Session}'.");
        var options = new ReadOptions { Outputs = request.Outputs, Follow = false, FirstConnectTimeout = RelayCall.ConnectTimeout };
        return await SessionReading.ReadAsync(status, client.ReadAsync(request.Session, options, cancellationToken), request.Outputs, comparison);
    }

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        var options = new ReadOptions { Outputs = request.Outputs, Start = ReadStart.Now, WaitForSession = true };
        await foreach (var _ in client.ReadBatchesAsync(request.Session, options, cancellationToken))
        {
            // The bytes come later, from the beginning: only the end matters now.
        }
    }

    private int Print(VerifyReport report)
    {
        foreach (var line in request.Json ? [VerifyJson.Line(report)] : VerifyText.Lines(report))
        {
            RelayCall.Print(streams, line);
        }

        return report.ExitCode;
    }
}
