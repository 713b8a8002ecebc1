using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace Relay.Tests.Faults;

/// <summary>
/// One direction of a proxied connection. Every fault is a limit on how many bytes may have passed: a hold keeps it where it is, a drip raises it
/// one by one, a cut ends the connection when it is reached. What was received but may not pass yet waits here, so it outlives its sender.
/// </summary>
internal sealed class ProxyFlow(ProxiedConnection connection, Socket from, Socket to, ProxySide source)
{
    // Beyond it the sender is not read any more: it fills its own buffers, as with a peer that is out of reach.
    private const int MostUnderWay = 1024 * 1024;

    private readonly Pipe _underWay = new(new PipeOptions(pauseWriterThreshold: MostUnderWay, resumeWriterThreshold: MostUnderWay / 2, useSynchronizationContext: false));
    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _received;
    private long _forwarded;
    private long _limit = long.MaxValue;
    private long _cutAfter = long.MaxValue;
    private (CutKind How, ProxySide SeenBy) _cut;
    private bool _sourceReset;

    /// <summary>Bytes that came from the sender.</summary>
    public long Received => Interlocked.Read(ref _received);

    /// <summary>Bytes that went on to the receiver.</summary>
    public long Forwarded => Interlocked.Read(ref _forwarded);

    /// <summary>Nothing passes until <see cref="Release"/>, not even the end of the stream.</summary>
    public void Hold() => Change(() => _limit = _forwarded);

    /// <summary>Everything passes: what waited, then what comes.</summary>
    public void Release() => Change(() => _limit = long.MaxValue);

    /// <summary>So many bytes more pass, then nothing.</summary>
    public void Allow(long bytes) => Change(() => _limit = (_limit == long.MaxValue ? _forwarded : _limit) + bytes);

    /// <summary>One byte passes per period, until the result is disposed of; then it holds.</summary>
    public ITimer Drip(TimeProvider time, TimeSpan period)
    {
        Hold();
        return time.CreateTimer(_ => Allow(1), null, period, period);
    }

    /// <summary>Cuts the connection once so many bytes have passed in this direction, counted from its begin.</summary>
    public void CutAfter(long bytes, CutKind how, ProxySide seenBy = ProxySide.Both) => Change(() => (_cutAfter, _cut) = (bytes, (how, seenBy)));

    public void Wake() => Change(() => { });

    public Task RunAsync() => Task.WhenAll(ReceiveAsync(), ForwardAsync());

    private void Change(Action what)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            what();
            (changed, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        changed.TrySetResult();
        _underWay.Reader.CancelPendingRead();
    }

    private async Task ReceiveAsync()
    {
        try
        {
            while (true)
            {
                var received = await from.ReceiveAsync(_underWay.Writer.GetMemory(4096));
                if (received == 0)
                {
                    break;
                }

                Interlocked.Add(ref _received, received);
                _underWay.Writer.Advance(received);
                var flushed = await _underWay.Writer.FlushAsync();
                if (flushed.IsCompleted)
                {
                    await DrainAsync();
                    return;
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Volatile.Write(ref _sourceReset, true);
        }

        await _underWay.Writer.CompleteAsync();
    }

    /// <summary>After a cut: a side that saw it may say what it likes until it ends too; one that did not see it is not listened to.</summary>
    private async Task DrainAsync()
    {
        var scrap = new byte[4096];
        try
        {
            while (connection.CutSeenBy.HasFlag(source) && await from.ReceiveAsync(scrap.AsMemory()) > 0)
            {
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Ended.
        }
    }

    private async Task ForwardAsync()
    {
        try
        {
            while (await _underWay.Reader.ReadAsync() is var read && !connection.IsCut && await PassAsync(read))
            {
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The receiver is gone; the other direction tells the sender.
        }
        finally
        {
            await _underWay.Reader.CompleteAsync();
        }
    }

    /// <returns>Whether there may be more.</returns>
    private async Task<bool> PassAsync(ReadResult read)
    {
        long room;
        Task changed;
        lock (_lock)
        {
            room = Math.Min(_limit, _cutAfter) - _forwarded;
            changed = _changed.Task;
        }

        var piece = read.Buffer.Slice(0, Math.Min(read.Buffer.Length, Math.Max(room, 0)));
        foreach (var segment in piece)
        {
            for (var rest = segment; !rest.IsEmpty;)
            {
                var sent = await to.SendAsync(rest);
                Interlocked.Add(ref _forwarded, sent);
                rest = rest[sent..];
            }
        }

        var isAll = piece.Length == read.Buffer.Length;
        _underWay.Reader.AdvanceTo(piece.End);
        if (Forwarded >= Interlocked.Read(ref _cutAfter))
        {
            connection.Cut(_cut.How, _cut.SeenBy);
            return false;
        }

        if (isAll && read.IsCompleted && room > piece.Length)
        {
            ProxiedConnection.End(to, Volatile.Read(ref _sourceReset) ? CutKind.Reset : CutKind.Fin);
            return false;
        }

        if (room <= piece.Length)
        {
            await changed; // Held. A change that came meanwhile has completed it.
        }

        return true;
    }
}
