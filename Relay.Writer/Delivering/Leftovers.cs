using Relay.Client;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Writer.Delivering;

/// <summary>
/// Delivers what earlier runs left in the spools: first what belongs to our own session, because ours comes after it; then the rest, while
/// our job runs. Runs that a relay refused for good are left for <c>relay-writer recover</c>, which names them.
/// </summary>
internal sealed class Leftovers(DeliveryOptions options, StandardStreams streams, TimeProvider time)
{
    // A relay that is away must not keep those for another one waiting.
    private static readonly TimeSpan PatienceWithOthers = TimeSpan.FromSeconds(15);

    /// <summary>Those of our own session at our own relay. Ends when nothing of them is left to be delivered.</summary>
    public async Task DeliverOwnAsync(CancellationToken stop)
    {
        foreach (var spool in Find().Where(IsOurs))
        {
            await DeliverAsync(spool, stop);
        }
    }

    /// <summary>All others, one after the other.</summary>
    public async Task DeliverOthersAsync(CancellationToken stop)
    {
        foreach (var spool in Find().Where(spool => !IsOurs(spool)).TakeWhile(_ => !stop.IsCancellationRequested))
        {
            using var patience = new CancellationTokenSource(PatienceWithOthers, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token);
            await DeliverAsync(spool, either.Token);
        }
    }

    private bool IsOurs(SpoolSummary spool) => spool.Session == options.Session && spool.Url == options.Url;

    private List<SpoolSummary> Find()
    {
        List<SpoolSummary> found = [];
        foreach (var root in options.SpoolRoots.Where(SpoolPlaces.IsOurs))
        {
            try
            {
                SpoolFolder.Sweep(root, time.GetUtcNow() - SpoolPlaces.SweepAfter);
                found.AddRange(SpoolFolder.List(root).Where(spool => spool is { IsInUse: false, Refusal: null, Problem: null, IsOwed: true }));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Our own spool will say what is wrong with the folder.
            }
        }

        return found;
    }

    private async Task DeliverAsync(SpoolSummary spool, CancellationToken stop)
    {
        try
        {
            if (spool is { UndeliveredBytes: 0, HasEnd: false, WasAttempted: false })
            {
                SpoolFolder.Discard(spool.Folder);
                return;
            }

            using var client = options.CreateClientFor(spool.Url, time);
            var writer = client.OpenSpool(spool.Folder, options: new WriterOptions { CloseTimeout = DeliveryOptions.CloseTimeout });
            await using var _ = writer;
            await writer.DeliverAsync(stop);
            Say(spool.UndeliveredBytes > 0 || spool.HasEnd
                ? $"delivered {ByteSizes.Show(spool.UndeliveredBytes)} that an earlier run of session {ShellWord.Quote(spool.Session)} had left"
                : $"closed the outputs of session {ShellWord.Quote(spool.Session)}, which an earlier run had left open");
        }
        catch (RelayException failure)
        {
            Say($"what an earlier run of session {ShellWord.Quote(spool.Session)} left in {ShellWord.Quote(spool.Folder)} was refused: {failure.Message}");
        }
        catch (Exception failure) when (failure is OperationCanceledException or SpoolInUseException or DirectoryNotFoundException or FileNotFoundException)
        {
            // Not now, or another process was quicker.
        }
        catch (Exception failure)
        {
            // Whatever is wrong with what others left: our job's log goes on.
            Say($"what an earlier run left in {ShellWord.Quote(spool.Folder)} cannot be delivered: {failure.Message}");
        }
    }

    private void Say(string message) => streams.Say(WriterCommandLine.Tool, message);
}
