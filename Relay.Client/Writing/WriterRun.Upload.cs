using Relay.Contracts;

namespace Relay.Client.Writing;

/// <summary>The side of the connection.</summary>
internal sealed partial class WriterRun
{
    /// <summary>The connection is gone; what was not acknowledged is sent again over the next one.</summary>
    public void Disconnected()
    {
        lock (_gate)
        {
            _grant = null;
        }
    }

    /// <summary>The next item of the upload, or <c>null</c> when the upload is over.</summary>
    public async ValueTask<WriteItem?> NextItemAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                // Under the lock: the upload of a lost connection, cancelled before the next one begins, can take nothing from that one.
                cancellationToken.ThrowIfCancellationRequested();
                if (TryTakeItem() is { } item)
                {
                    return item;
                }

                if (_fault is not null || (_grant is not null && (_completionSent || (_closing && AllSent))))
                {
                    return null;
                }

                changed = _uploadable.WaitAsync();
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes in what the relay says.</summary>
    /// <exception cref="InvalidDataException">It cannot be true. The run stands as if it had not been said.</exception>
    public void Acknowledge(WriteAck ack)
    {
        lock (_gate)
        {
            var couldSend = _grant is { HasRoom: true };
            if (ack.Kind == WriteAckKind.Grant)
            {
                Granted(ack);
            }

            foreach (var progress in ack.Outputs.Where(progress => _grant is not null && _store.Takes(progress.Output)))
            {
                _grant!.ThrowIfBeyondSent(progress);
            }

            if (ack.Kind == WriteAckKind.Completed && !_completionSent)
            {
                throw new InvalidDataException("the relay says that the run is completed; it was not told so.");
            }

            foreach (var progress in ack.Outputs.Where(progress => _grant is not null && _store.Takes(progress.Output)))
            {
                Advanced(_grant!, progress);
            }

            if (ack.Kind == WriteAckKind.Completed)
            {
                _report = new CompletionReport([.. ack.Outputs.Select(end => new OutputReport(end.Output, end.WrittenTo, end.Verdict))]);
            }

            _progressed.Pulse();
            if (!couldSend || ack.Kind == WriteAckKind.Grant)
            {
                _uploadable.Pulse(); // Otherwise it waits for bytes: an ack for each line that trickles in would wake it for nothing.
            }
        }
    }

    private void Granted(WriteAck ack)
    {
        var granted = new RunGrant(ack, _outputs);
        if (!_store.IsPersistent && ack.Outputs.Any(start => _store.Takes(start.Output) && start.Stored > _store.Accepted(start.Output)))
        {
            // With a spool it can be true: its end may be lost with the power of this machine.
            throw new InvalidDataException("the relay says that it has more of this run than was ever written.");
        }

        _grant = granted;
        _wasGranted = true;
        _completionSent = false;
        _store.Rewind();
        foreach (var start in ack.Outputs.Where(start => _store.Takes(start.Output)))
        {
            _store.SendFrom(start.Output, start.Stored);
        }
    }

    private void Advanced(RunGrant grant, OutputProgress now)
    {
        var before = _progress[now.Output];
        var durable = Math.Max(before.Durable, grant.PositionOf(now.Output, now.DurableTo));
        _lastTaken = durable > before.Durable ? _time.GetTimestamp() : _lastTaken;
        var written = grant.PositionOf(now.Output, now.WrittenTo);
        _progress[now.Output] = before with { Stored = written, Durable = durable };
        grant.Acknowledged(now);
        _store.Written(now.Output, written);
        _store.Release(now.Output, durable);
    }

    private WriteItem? TryTakeItem()
    {
        if (_fault is not null || _grant is not { HasRoom: true } grant)
        {
            return null;
        }

        if (grant.TryTakeHeld(out var held))
        {
            return held;
        }

        if (_store.TryTake(out var output, out var position, out var bytes))
        {
            return grant.Send(output, position, bytes);
        }

        foreach (var type in _outputs)
        {
            // All that is held was sent: what is left to the end was given up.
            if (grant.TryCloseGap(type, _store.Accepted(type), out var gap))
            {
                return gap;
            }
        }

        if (!_store.Facts.IsCompleting || _completionSent)
        {
            return null;
        }

        _completionSent = true;
        return new WriteItem { Kind = WriteItemKind.Complete, ExitCode = _store.Facts.ExitCode, Totals = [.. _outputs.Select(_store.Total)] };
    }
}
