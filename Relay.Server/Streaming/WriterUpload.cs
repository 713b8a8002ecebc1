using System.Threading.Channels;
using Microsoft.AspNetCore.SignalR;
using Relay.Contracts;
using Relay.Contracts.Protocol;
using Relay.Server.Storage;

namespace Relay.Server.Streaming;

/// <summary>How an upload ended.</summary>
internal enum UploadEnd
{
    Running,

    /// <summary>The client ended it without completing.</summary>
    Closed,

    /// <summary>The completion is stored and durable.</summary>
    Completed,

    /// <summary>The connection broke, or the client cancelled.</summary>
    Lost,

    /// <summary>An item was refused; see <see cref="WriterUpload.Failure"/>.</summary>
    Failed,
}

/// <summary>
/// Drains a hub writer's upload into the log. It never stops reading before the upload ends, also after a failure: a method that returns while
/// its upload buffer is full would cost the client its whole connection.
/// </summary>
/// <param name="writer">Whose upload it is.</param>
/// <param name="items">What comes.</param>
/// <param name="options">The most bytes of an item, and the most items that wait for an ack.</param>
/// <param name="time">Tells when an ack is due.</param>
internal sealed class WriterUpload(WriterConnection writer, ChannelReader<WriteItem> items, StreamingOptions options, TimeProvider time)
{
    /// <summary>So long after an item its writer hears of it at the latest. Until then its acks would only be in the way of what it sends to its readers.</summary>
    private static readonly TimeSpan AckDelay = TimeSpan.FromMilliseconds(10);

    /// <summary>Most items that wait for that: a small part of the window, so that no writer waits for it.</summary>
    private readonly int _itemsPerAck = Math.Clamp(options.WriteWindowItems / 8, 1, 8);

    private volatile UploadEnd _end;
    private int _isAckDue;

    /// <summary>Fires when the writer is to hear how far it is, and at the end.</summary>
    public Pulse Changed { get; } = new();

    public UploadEnd End => _end;

    /// <summary>Why an item was refused; anything but a <see cref="RelayException"/> is the relay's own fault.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Reads an upload that nobody wants to its end.</summary>
    public static async Task DrainAsync<T>(ChannelReader<T> items)
    {
        try
        {
            await foreach (var _ in items.ReadAllAsync(CancellationToken.None))
            {
            }
        }
        catch (Exception)
        {
            // However it ends, it is over.
        }
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        writer.OnLateAppend(Changed.Fire);
        await using var ackTimer = time.CreateTimer(_ => AckNow(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            for (var unacked = 0; await items.WaitToReadAsync(CancellationToken.None);)
            {
                unacked = await TakeWhatIsThereAsync(unacked, cancellationToken);
                if (unacked > 0 && Interlocked.Exchange(ref _isAckDue, 1) == 0)
                {
                    ackTimer.Change(AckDelay, Timeout.InfiniteTimeSpan);
                }
            }

            await EndAsync();
        }
        catch (HubException e) when (HubErrors.IsUnreadableItem(e))
        {
            Failure = HubErrors.UnreadableItem(e);
            Finish(UploadEnd.Failed);
        }
        catch (Exception)
        {
            // The source ends in an exception when the connection breaks or the client cancels.
            Finish(UploadEnd.Lost);
        }
    }

    /// <returns>How many items there are now that wait for an ack.</returns>
    private async Task<int> TakeWhatIsThereAsync(int unacked, CancellationToken cancellationToken)
    {
        while (items.TryRead(out var item))
        {
            if (_end == UploadEnd.Running)
            {
                await TakeAsync(item, cancellationToken);
                if (++unacked == _itemsPerAck)
                {
                    Changed.Fire();
                    unacked = 0;
                }
            }

            (item as RentedWriteItem)?.Return();
        }

        return unacked;
    }

    private void AckNow()
    {
        Volatile.Write(ref _isAckDue, 0);
        Changed.Fire();
    }

    private async Task EndAsync()
    {
        try
        {
            if (_end == UploadEnd.Running)
            {
                await writer.EndDataAsync();
                Finish(UploadEnd.Closed);
            }
        }
        catch (Exception e)
        {
            Failure = e;
            Finish(UploadEnd.Failed);
        }
    }

    private async Task TakeAsync(WriteItem item, CancellationToken cancellationToken)
    {
        try
        {
            switch (item?.Kind)
            {
                case WriteItemKind.Data:
                    CheckData(item);
                    await writer.AppendAsync(item.Output, item.Offset, item.Data, cancellationToken);
                    break;
                case WriteItemKind.Gap:
                    CheckOutput(item);
                    await writer.AppendGapAsync(item.Output, item.Offset, item.Length, cancellationToken);
                    break;
                case WriteItemKind.Complete:
                    await writer.CompleteAsync(item.ExitCode, CheckTotals(item), cancellationToken);
                    Finish(UploadEnd.Completed);
                    break;
                default:
                    throw HubRequests.Invalid($"An item of kind {(int?)item?.Kind} is unknown; it must be 1 (data), 2 (gap) or 3 (complete).");
            }
        }
        catch (OperationCanceledException)
        {
            Finish(UploadEnd.Lost);
        }
        catch (Exception e)
        {
            Failure = e;
            Finish(UploadEnd.Failed);
        }
    }

    private void CheckData(WriteItem item)
    {
        CheckOutput(item);
        if (item.Data.Length > options.MaxItemBytes)
        {
            throw new RelayException(
                RelayErrorCode.RecordTooLarge, $"An item carries {item.Data.Length} bytes; the most is {options.MaxItemBytes}. Send it in pieces; 48 KiB is a good size.");
        }
    }

    private static void CheckOutput(WriteItem item)
    {
        HubRequests.CheckOutput(item.Output);
        if (item.Offset < 0)
        {
            throw HubRequests.Invalid($"The offset is {item.Offset}; it must be 0 or more.");
        }
    }

    private static List<OutputTotal> CheckTotals(WriteItem item)
    {
        var totals = item.Totals?.ToList() ?? [];
        return totals.Exists(total => !OutputTypes.All.Contains(total.Output)) || totals.DistinctBy(total => total.Output).Count() != totals.Count
            ? throw HubRequests.Invalid("The totals must name each output once, 1 (stdout) or 2 (stderr).")
            : totals;
    }

    private void Finish(UploadEnd end)
    {
        if (_end == UploadEnd.Running)
        {
            _end = end;
            Changed.Fire();
        }
    }
}
