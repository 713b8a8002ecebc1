using System.Text;
using Relay.Client;
using Relay.Contracts;
using Relay.Terminal;
using Relay.Writer.Delivering;

namespace Relay.Writer.Recover;

/// <summary>One run of <c>relay-writer recover</c>: a line on stdout for each spool.</summary>
internal sealed class RecoverRun(StandardStreams streams, RecoverOptions options, TimeProvider time)
{
    private const int SomethingIsLeft = 1;

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (!TryFind(out var spools, out var problem))
        {
            streams.Say(WriterCommandLine.Tool, problem);
            return Invocation.UsageError;
        }

        var isLeft = false;
        foreach (var spool in spools)
        {
            var (text, isDone) = await RecoverAsync(spool, cancellationToken);
            isLeft |= !isDone;
            await streams.Out.WriteAsync(Encoding.UTF8.GetBytes($"{(spool.Session.Length > 0 ? spool.Session : spool.Folder)}: {text}{Environment.NewLine}"), cancellationToken);
        }

        if (spools.Count == 0)
        {
            await streams.Out.WriteAsync(Encoding.UTF8.GetBytes($"Nothing is left to be delivered.{Environment.NewLine}"), cancellationToken);
        }

        return isLeft ? SomethingIsLeft : 0;
    }

    private bool TryFind(out IReadOnlyList<SpoolSummary> spools, out string problem)
    {
        (spools, problem) = ([], "");
        try
        {
            if (options.Folder is { } given && !Directory.Exists(given))
            {
                problem = $"{given} is not a folder.";
            }
            else if (options.Folder is { } run && SpoolFolder.Look(run) is { } one)
            {
                spools = [one];
            }
            else if (options.SessionAs is not null)
            {
                problem = "--session-as needs the spool of one run; 'relay-writer recover' shows where they are.";
            }
            else
            {
                List<string> roots = options.Folder is null ? [.. SpoolPlaces.Default.Where(SpoolPlaces.IsOurs)] : [options.Folder];
                roots.ForEach(root => SpoolFolder.Sweep(root, time.GetUtcNow() - SpoolPlaces.SweepAfter));
                spools = [.. roots.SelectMany(SpoolFolder.List).Where(IsOwed)];
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"The spools cannot be read: {e.Message}";
        }

        return problem.Length == 0;
    }

    /// <summary>Spools that are kept for their checkpoints alone owe nothing.</summary>
    private static bool IsOwed(SpoolSummary spool) => spool.IsInUse || spool.Problem is not null || spool.IsOwed;

    private async Task<(string Text, bool IsDone)> RecoverAsync(SpoolSummary spool, CancellationToken cancellationToken)
    {
        if (spool.Problem is { } problem)
        {
            return ($"cannot be read: {problem}", false);
        }

        if (spool.IsInUse)
        {
            return ("its writer is alive and delivers it", true);
        }

        if (spool is { UndeliveredBytes: 0, HasEnd: false, WasAttempted: false })
        {
            return Discard(spool, "its writer was killed before it wrote anything:");
        }

        RelayException? lastFailure = null;
        using var timeout = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            using var client = new RelayClient(RelayConnection.To(options.Url ?? spool.Url, options.Authorities) with { TimeProvider = time });
            await using var writer = client.OpenSpool(spool.Folder, options.SessionAs, new WriterOptions
            {
                CloseTimeout = DeliveryOptions.CloseTimeout,
                OnConnectionChange = change => lastFailure = change.Reason,
            });
            var report = await writer.DeliverAsync(either.Token);
            var into = options.SessionAs is null ? "" : $" into {options.SessionAs}";
            var end = report is null ? "" : report.IsVerified ? ", and its end; verified" : ", and its end";
            var isWhole = report is null || report.Outputs.All(output => output.Verdict is Verdict.Verified or Verdict.Unchecked);
            var missing = isWhole ? "" : "; some bytes were given up or cannot be read, and readers see a gap";
            return report is null && spool.UndeliveredBytes == 0
                ? ("all of it was there already; its outputs are closed now", true)
                : ($"{ByteSizes.Show(spool.UndeliveredBytes)} delivered{into}{end}{missing}", true);
        }
        catch (SpoolInUseException)
        {
            return ("its writer is alive and delivers it", true);
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
        {
            return ("another process has delivered it", true);
        }
        catch (RelayException refusal)
        {
            return Refused(spool, refusal);
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (options.SessionAs is null && lastFailure?.Code == RelayErrorCode.WriterAlreadyConnected
                && spool is { UndeliveredBytes: 0, HasEnd: false, IsKeptWhenDrained: false })
            {
                return Discard(spool, "all of it was there already, and another run writes now:"); // Nobody waits for this one.
            }

            var reason = lastFailure is null ? "" : $" ({lastFailure.Message})";
            return ($"{(options.Url ?? spool.Url).OriginalString} did not take it within {options.Timeout.TotalSeconds:0.#} s; it stays in {spool.Folder}{reason}", false);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return ($"cannot be read: {failure.Message}", false);
        }
    }

    private (string Text, bool IsDone) Refused(SpoolSummary spool, RelayException refusal)
    {
        var bytes = ByteSizes.Show(spool.UndeliveredBytes);
        var left = SpoolFolder.Look(spool.Folder);
        if (left is null)
        {
            return ($"refused: {refusal.Message} Nothing was left to be delivered", true);
        }

        if (left.Refusal is null)
        {
            return ($"refused for now: {refusal.Message} {bytes} stay in {spool.Folder}", false);
        }

        return options.DiscardRefused || left.UndeliveredBytes == 0
            ? Discard(spool, $"refused: {refusal.Message}")
            : ($"refused: {refusal.Message} {bytes} stay in {spool.Folder}; --session-as delivers them into another session", false);
    }

    private static (string Text, bool IsDone) Discard(SpoolSummary spool, string why)
    {
        try
        {
            SpoolFolder.Discard(spool.Folder);
            return ($"{why} {ByteSizes.Show(spool.UndeliveredBytes)} removed", true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ($"{why} It cannot be removed: {e.Message}", false);
        }
    }
}
