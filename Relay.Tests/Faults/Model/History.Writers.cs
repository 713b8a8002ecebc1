using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;

namespace Relay.Tests.Faults.Model;

// Runs, their connections, and what each call must answer.
internal sealed partial class History
{
    private readonly List<ModelWriter> _writers = [];
    private readonly List<ModelConnection> _connections = [];
    private readonly Dictionary<OutputType, ModelConnection?> _holders = [];
    private int _runs;

    private void Produce()
    {
        if (_writers.Count == 0 || (_writers.Count < 3 && _random.Next(20) == 0))
        {
            _writers.Add(new ModelWriter(_runs++));
        }

        var writer = Pick(_writers);
        var output = Pick(OutputTypes.All);
        writer.Produced[output] += _random.Next(1, MaxProducedAtOnce);
        Note("produce", $"{writer.RunId} {output} up to {writer.Produced[output]}");
        Send(writer);
    }

    /// <summary>Puts all that the writer holds and has not sent on its connection, as a client does.</summary>
    private void Send(ModelWriter writer)
    {
        if (writer.Connection is not { } connection)
        {
            return;
        }

        foreach (var output in connection.Lease.Outputs)
        {
            ref var next = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrNullRef(connection.Next, output);
            if (next < writer.Released[output])
            {
                Require(ForcesNothing, $"{writer.RunId} was told that {output} is durable up to {writer.Released[output]}, and now the log has {next} of it.");
                connection.OnTheWay.Enqueue(new ModelItem(output, connection.OffsetOf(output, next), new byte[writer.Released[output] - next], IsGap: true));
                next = writer.Released[output];
                writer.GivenUp.Add(output);
            }

            while (next < writer.Produced[output])
            {
                // Sometimes from before, as a client does that has lost an ack; what lies below the run's base belongs to another run.
                var earliest = Math.Max(writer.Released[output], _random.Next(100) == 0 && !_isSettling ? 0 : connection.PositionOf(output, connection.BaseOf(output)));
                var from = _random.Next(8) == 0 ? Math.Clamp(next - _random.Next(50), earliest, next) : next;
                var to = Math.Min(writer.Produced[output], next + _random.Next(1, 200));
                connection.OnTheWay.Enqueue(new ModelItem(output, connection.OffsetOf(output, from), ModelBytes.Range(writer.Run, output, from, to), IsGap: false));
                next = to;
            }
        }
    }

    private async Task Deliver()
    {
        var busy = _connections.Where(connection => connection.OnTheWay.Count > 0).ToList();
        if (busy.Count == 0)
        {
            return;
        }

        var connection = Pick(busy);
        for (var i = _random.Next(1, 4); i > 0 && connection.OnTheWay.Count > 0; i--)
        {
            await Deliver(connection, connection.OnTheWay.Dequeue());
        }
    }

    private async Task Deliver(ModelConnection connection, ModelItem item)
    {
        var expected = Expect(connection, item);
        Note("deliver", $"{connection.Writer.RunId}.{connection.Lease.Attempt} {item.Output} {item.Offset}+{item.Bytes.Length}{(item.IsGap ? " gap" : "")} expecting {expected?.ToString() ?? "success"}");
        var actual = await Try(async () =>
        {
            var length = item.IsGap
                ? await connection.Log.AppendGapAsync(connection.Lease, item.Output, item.Offset, item.Bytes.Length, CancellationToken.None)
                : await connection.Log.AppendAsync(connection.Lease, item.Output, item.Offset, item.Bytes, CancellationToken.None);
            if (expected is null)
            {
                Take(item);
            }

            Require(length == _model!.Length(item.Output), $"The relay says that {item.Output} ends at {length}.");
        });
        Answer(actual, expected);
        if (actual is null && ForcesNothing)
        {
            TellWriters();
        }

        if (actual is not null)
        {
            connection.OnTheWay.Clear(); // The relay ends the stream.
            await Release(connection, inGoodOrder: false);
        }
    }

    private RelayErrorCode? Expect(ModelConnection connection, ModelItem item)
    {
        if (Refusal(connection, item.Output) is { } refusal)
        {
            return refusal;
        }

        var length = _model!.Length(item.Output);
        if (item.Offset > length)
        {
            return RelayErrorCode.OffsetMismatch;
        }

        if (item.Offset < length && item.Offset < _model.Base(connection.Writer.Run, item.Output))
        {
            return RelayErrorCode.OffsetBeforeRun;
        }

        return item.Offset + item.Bytes.Length <= length ? null
            : _model.Completion is not null ? RelayErrorCode.SessionCompleted
            : _isFaulted ? RelayErrorCode.StorageFailed
            : null;
    }

    /// <summary>What a lease that no longer holds is told.</summary>
    private RelayErrorCode? Refusal(ModelConnection connection, OutputType output) =>
        connection.Log != _log || _gone != EndReason.None ? GoneCode(connection.Log.Gone)
        : connection.LostWith is { } lost ? lost
        : _model!.Completion is null && _holders.GetValueOrDefault(output) != connection ? RelayErrorCode.Fenced
        : null;

    private void Take(ModelItem item)
    {
        var skip = (int)(_model!.Length(item.Output) - item.Offset);
        if (skip < item.Bytes.Length)
        {
            _model.Add(new ModelRecord(item.IsGap ? RecordKind.Gap : RecordKind.Data, item.Output, Bytes: item.Bytes[skip..]));
        }
    }

    private async Task Connect()
    {
        if (_writers.Count == 0)
        {
            return;
        }

        var writer = Pick(_writers);
        var isLate = writer.Attempt > 0 && _random.Next(6) == 0;
        var attempt = isLate ? _random.Next(1, writer.Attempt + 1) : ++writer.Attempt;
        IReadOnlyList<OutputType> outputs = _random.Next(5) == 0 ? [Pick(OutputTypes.All)] : OutputTypes.All;
        await Connect(writer, attempt, outputs, isLate);
    }

    private async Task Connect(ModelWriter writer, int attempt, IReadOnlyList<OutputType> outputs, bool isLate = false)
    {
        if (_log is not { } log)
        {
            return;
        }

        var request = new LeaseRequest(writer.RunId, attempt, outputs, writer.Incarnation);
        if (_isFaulted)
        {
            Note("recover", $"to {_durable}");
        }

        WriterLease? lease = null;
        var wasFaulted = _isFaulted;
        var actual = await Try(async () => lease = await log.AcquireAsync(request, CancellationToken.None));
        if (wasFaulted && _gone == EndReason.None && (writer.Incarnation == 0 || writer.Incarnation == log.Incarnation))
        {
            AfterCut(actual);
        }

        var expected = Expect(writer, attempt, outputs);
        Note("connect", $"{writer.RunId}.{attempt} {string.Join('+', outputs)} expecting {expected?.ToString() ?? "success"}");
        Answer(actual, expected);
        if (_gone != EndReason.None)
        {
            return;
        }

        var granted = _log.Snapshot().LastSequence - _model!.LastSequence;
        Require(granted <= (expected is null && _model.Completion is null ? outputs.Count : 0), $"{granted} records came of a request that was refused.");
        foreach (var output in outputs.Take((int)granted))
        {
            _model.Add(new ModelRecord(RecordKind.Grant, output, writer.Run, attempt));
        }

        if (lease is null)
        {
            return;
        }

        Require(_model.Completion is not null || granted == outputs.Count, "A grant is in the log for each output.");
        Granted(writer, lease, isLate);
    }

    private void Granted(ModelWriter writer, WriterLease lease, bool isLate)
    {
        writer.Incarnation = lease.Incarnation;
        foreach (var start in lease.Start)
        {
            Require(start.WrittenTo == _model!.Length(start.Output), $"The grant says that {start.Output} ends at {start.WrittenTo}.");
            Require(start.Stored == _model.Stored(writer.Run, start.Output), $"The grant says that {start.Stored} bytes of {writer.RunId} are in {start.Output}; there are {_model.Stored(writer.Run, start.Output)}.");
            Require(start.Base == _model.Base(writer.Run, start.Output), $"The grant says that {writer.RunId} may write to {start.Output} from {start.Base} on.");
        }

        var connection = new ModelConnection(writer, _log!, lease);
        _connections.Add(connection);
        if (_model!.Completion is null)
        {
            foreach (var output in OutputTypes.All)
            {
                if (_holders.GetValueOrDefault(output) is { } holder && holder.Writer == writer)
                {
                    holder.LostWith ??= RelayErrorCode.Fenced;
                    _holders[output] = null;
                }

                if (lease.Outputs.Contains(output))
                {
                    _holders[output] = connection;
                }
            }
        }

        if (!isLate)
        {
            writer.Connection = connection;
            Send(writer);
        }
    }

    private RelayErrorCode? Expect(ModelWriter writer, int attempt, IReadOnlyList<OutputType> outputs)
    {
        if (_gone != EndReason.None)
        {
            return GoneCode(_gone);
        }

        if (writer.Incarnation != 0 && writer.Incarnation != _log!.Incarnation)
        {
            return RelayErrorCode.SessionReplaced;
        }

        if (_model!.Completion is { } completion)
        {
            return completion.Run == writer.Run ? null : RelayErrorCode.SessionCompleted;
        }

        return outputs.Any(output => _holders.GetValueOrDefault(output) is { } holder && holder.Writer != writer) ? RelayErrorCode.WriterAlreadyConnected
            : attempt <= _model.Attempt(writer.Run) ? RelayErrorCode.Fenced
            : null;
    }

    /// <summary>The client is gone; what it sent is still on the way, and the relay does not know yet.</summary>
    private void HangUp()
    {
        var there = _writers.Where(writer => writer.Connection is not null).ToList();
        if (there.Count > 0)
        {
            var writer = Pick(there);
            Note("hang up", writer.RunId);
            writer.Connection = null;
        }
    }

    /// <summary>The relay sees the end of a connection.</summary>
    private async Task EndConnection()
    {
        if (_connections.Count == 0)
        {
            return;
        }

        var connection = Pick(_connections);
        connection.OnTheWay.Clear();
        await Release(connection, inGoodOrder: _random.Next(2) == 0);
    }

    private async Task Release(ModelConnection connection, bool inGoodOrder)
    {
        Note("release", $"{connection.Writer.RunId}.{connection.Lease.Attempt}{(inGoodOrder ? " in good order" : "")}");
        _hadFault = false;
        await connection.Log.ReleaseAsync(connection.Lease, inGoodOrder);
        _connections.Remove(connection);
        if (connection.Writer.Connection == connection)
        {
            connection.Writer.Connection = null;
        }

        if (connection.Log != _log)
        {
            return;
        }

        var released = _log.Snapshot().LastSequence - _model!.LastSequence;
        var held = OutputTypes.All.Where(output => _holders.GetValueOrDefault(output) == connection).ToList();
        var mayNote = inGoodOrder && _gone == EndReason.None && _model.Completion is null && !_isFaulted;
        Require(released == (mayNote ? held.Count : 0) || (mayNote && _hadFault && released < held.Count), $"{released} records came of a release.");
        for (var i = 0; i < released; i++)
        {
            _model.Add(new ModelRecord(RecordKind.Release, held[i]));
        }

        held.ForEach(output => _holders[output] = null);
    }

    private async Task Complete()
    {
        var ready = _writers.Where(writer => writer.Connection is { OnTheWay.Count: 0 }).ToList();
        if (ready.Count > 0 && _random.Next(4) == 0)
        {
            await Complete(Pick(ready));
        }
    }

    private async Task Complete(ModelWriter writer)
    {
        var connection = writer.Connection!;
        var expected = Refusal(connection, connection.Lease.Outputs[0]) ?? (_model!.Completion is null && _isFaulted ? RelayErrorCode.StorageFailed : null);
        var totals = OutputTypes.All
            .Select(output => new OutputTotal(output, writer.Produced[output], Crc32C.Append(0, ModelBytes.Range(writer.Run, output, 0, writer.Produced[output])))).ToList();
        Note("complete", $"{writer.RunId}.{connection.Lease.Attempt} expecting {expected?.ToString() ?? "success"}");
        var actual = await Try(async () =>
        {
            var completion = await connection.Log.CompleteAsync(connection.Lease, writer.Run, totals, CancellationToken.None);
            if (expected is null && _model!.Completion is null)
            {
                CheckVerdicts(writer, completion);
                _model.Add(new ModelRecord(RecordKind.Complete, OutputType.None, writer.Run, ExitCode: writer.Run));
                foreach (var holder in _holders.Values.OfType<ModelConnection>().Where(holder => holder != connection))
                {
                    holder.LostWith ??= RelayErrorCode.SessionCompleted;
                }
            }

            Require(completion.ExitCode == _model!.Completion!.ExitCode, $"The exit code is {completion.ExitCode}.");
        });
        Answer(actual, expected);
    }

    private void CheckVerdicts(ModelWriter writer, Completion completion)
    {
        foreach (var output in OutputTypes.All)
        {
            var verdict = completion.Verdicts[output];
            var isLast = _model!.Base(writer.Run, output) < _model.Length(output) || _model.Stored(writer.Run, output) > 0;
            var isWhole = _model.Stored(writer.Run, output) == writer.Produced[output] && !writer.GivenUp.Contains(output);
            Require(verdict != Verdict.Verified || isWhole, $"{output} of {writer.RunId} is called verified, and is not whole.");
            Require(!isLast || !isWhole || verdict is Verdict.Verified or Verdict.Unchecked, $"{output} of {writer.RunId} is whole and is called {verdict}.");
        }
    }

    private async Task<RelayErrorCode?> Try(Func<Task> call)
    {
        (_hadFault, _refusal) = (false, null);
        try
        {
            await call();
            return null;
        }
        catch (RelayException e)
        {
            _refusal = e;
            return e.Code;
        }
    }

    private void Answer(RelayErrorCode? actual, RelayErrorCode? expected)
    {
        var isFault = _hadFault && actual is RelayErrorCode.StorageFull or RelayErrorCode.StorageFailed;
        Require(actual == expected || isFault, $"The relay answers {actual?.ToString() ?? "success"}; it should be {expected?.ToString() ?? "success"}.\n{_refusal}");
    }

    private static RelayErrorCode GoneCode(EndReason reason) => reason == EndReason.Expired ? RelayErrorCode.SessionExpired : RelayErrorCode.SessionDeleted;
}
