using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;

namespace Relay.Tests.Faults.Model;

// What happens to the session and the relay as a whole.
internal sealed partial class History
{
    private readonly Dictionary<OutputType, long> _trimmed = [];
    private EmbeddedSessionLog? _log;
    private ModelLog? _model;
    private EndReason _gone;
    private int _durable;
    private bool _isFaulted;
    private bool _hadFault;
    private bool _hadFailedSync;
    private bool _endedUnderFault;
    private (ModelLog Model, List<int?> MustHearOf)? _uncut;
    private bool _isSettling;
    private RelayException? _refusal;

    private enum Crash
    {
        None,
        Kill,
        PowerLoss,
    }

    private async Task Create()
    {
        var actual = await Try(async () => _log = (EmbeddedSessionLog)await _store.CreateAsync(Id, new Dictionary<string, string>(StringComparer.Ordinal), null, CancellationToken.None));
        Note("create", actual?.ToString() ?? "");
        Answer(actual, null);
        _endedUnderFault |= _hadFault;
        if (actual is null)
        {
            (_model, _gone, _durable, _isFaulted, _endedUnderFault) = (new ModelLog(), EndReason.None, 0, false, false);
            _uncut = null;
            _holders.Clear();
            _trimmed.Clear();
            Require(await _store.FindTombstoneAsync(Id, CancellationToken.None) is null, "A session that is there has a tombstone.");
        }
    }

    private async Task DeleteOrCreate()
    {
        if (_kind.OnlyPowerLoss)
        {
            return;
        }

        if (_gone != EndReason.None || _log is null)
        {
            await Create();
            return;
        }

        if (_random.Next(2) == 0)
        {
            return;
        }

        var reason = _random.Next(3) == 0 ? EndReason.Expired : EndReason.Deleted;
        var unlessHeld = reason == EndReason.Expired;
        var isHeld = _holders.Values.Any(holder => holder is not null);
        _hadFault = false;
        var ended = await _store.DeleteAsync(_log, reason, unlessHeld, CancellationToken.None);
        Note("delete", $"for {reason}: {ended}");
        Require(ended || (unlessHeld && isHeld), "A deletion is refused.");
        if (ended)
        {
            _endedUnderFault = _hadFault;
            Gone(reason);
        }
    }

    private void Gone(EndReason reason)
    {
        _gone = reason;
        _writers.Clear(); // Whoever wrote to this one is done; the next session has runs of its own.
        _readers.ForEach(reader =>
        {
            reader.Connection?.Dispose();
            reader.Connection = null;
            reader.MustHearOf = null;
        });
    }

    private async Task Flush()
    {
        if (_log is null || _gone != EndReason.None)
        {
            _flusher.Step();
            return;
        }

        await Syncing(() =>
        {
            _flusher.Step();
            return Task.CompletedTask;
        });
        Note("flush", _log.HasFailed ? "failing" : $"{_durable}");
    }

    /// <summary>Does what may sync the log, and takes note of what came of it.</summary>
    private async Task Syncing(Func<Task> step)
    {
        var before = _log!.Flushed.Version;
        (_hadFault, _hadFailedSync) = (false, false);
        await step();
        if (_log.HasFailed && !_isFaulted)
        {
            Require(_hadFault, $"A sync failed: {_flusher.Failure}");
            _durable = _hadFailedSync ? _durable : _model!.LastSequence; // It was only the watermark that could not be written.
            Fault();
        }
        else if (!_log.HasFailed && _log.Flushed.Version != before)
        {
            _durable = _model!.LastSequence;
            TellWriters();
        }
    }

    private void Fault()
    {
        _isFaulted = true;
        foreach (var holder in _holders.Values.OfType<ModelConnection>())
        {
            holder.LostWith ??= RelayErrorCode.StorageFailed;
        }
    }

    /// <summary>Writers that are there learn how far they are durable, and let go of so much.</summary>
    private void TellWriters()
    {
        var snapshot = _log!.Snapshot();
        foreach (var connection in _holders.Values.OfType<ModelConnection>().Where(connection => connection.Writer.Connection == connection && connection.LostWith is null))
        {
            foreach (var output in connection.Lease.Outputs.Where(output => _holders[output] == connection))
            {
                var position = connection.PositionOf(output, snapshot[output].DurableTo);
                connection.Writer.Released[output] = Math.Max(connection.Writer.Released[output], position);
            }
        }
    }

    /// <summary>A lease was asked for after a failed sync: the log is cut back to what is durable, unless the disk refuses that too.</summary>
    private void AfterCut(RelayErrorCode? answer)
    {
        // A relay that ends before the files are cut as well finds the records again.
        _uncut = _log!.HasFailed ? _uncut ?? (_model!.Copy(), _readers.ConvertAll(reader => reader.MustHearOf)) : null;
        _model!.CutBackTo(_durable);
        CutReaders(_durable);
        foreach (var output in OutputTypes.All)
        {
            _holders[output] = null;
        }

        Require(!_log.HasFailed || (_hadFault && answer is RelayErrorCode.StorageFailed or RelayErrorCode.StorageFull), $"The log was not cut, and the answer is {answer?.ToString() ?? "success"}.\n{_refusal}");
        _isFaulted = _log.HasFailed;
    }

    private async Task Maintain()
    {
        if (_log is null)
        {
            return;
        }

        Note("maintain", "");
        await _log!.SaveActivityAsync(_time.GetUtcNow(), CancellationToken.None);
        if (_gone == EndReason.None)
        {
            await Syncing(() => _store.MaintainAsync(TimeSpan.FromDays(400), CancellationToken.None).AsTask());
        }
    }

    private async Task Restart(Crash crash)
    {
        Note("restart", $"after {crash}");
        if (crash == Crash.None)
        {
            _faultsLeft = 0;
            await _store.DisposeAsync();
        }

        _faultsLeft = 0;
        if (_log is not null && _gone == EndReason.None)
        {
            NoteTrimmed();
        }

        if (crash == Crash.PowerLoss)
        {
            _disk.LosePower(_random);
        }

        _connections.Clear();
        _holders.Clear();
        _writers.ForEach(writer => writer.Connection = null);
        _readers.ForEach(reader => reader.Connection = null);
        _store = Open();
        await AfterRestart(crash);
    }

    private async Task AfterRestart(Crash crash)
    {
        var found = (EmbeddedSessionLog?)await _store.FindAsync(Id, CancellationToken.None);
        if (_gone != EndReason.None || _log is null)
        {
            var mayBeBack = _endedUnderFault || (crash == Crash.PowerLoss && _gone == EndReason.Expired);
            Require(found is null || mayBeBack, "A session that was deleted is back.");
            if (found is not null)
            {
                Require(await _store.DeleteAsync(found, EndReason.Deleted, unlessHeld: false, CancellationToken.None), "What came back can be deleted.");
                (_log, _gone) = (found, EndReason.Deleted);
                return;
            }

            _endedUnderFault |= mayBeBack;
            var tombstone = await _store.FindTombstoneAsync(Id, CancellationToken.None);
            Require(tombstone?.Reason == _gone || mayBeBack || _log is null, $"The tombstone says {tombstone?.Reason.ToString() ?? "nothing"}, not {_gone}.");
            return;
        }

        Require(found is not null, "A session is gone after a restart.");
        _log = found;
        var wasCutting = _uncut is not null;
        if (_uncut is { } uncut)
        {
            (_model, _uncut) = (uncut.Model, null);
            for (var i = 0; i < _readers.Count; i++)
            {
                _readers[i].MustHearOf = _readers[i].MustHearOf == _durable ? uncut.MustHearOf[i] : _readers[i].MustHearOf;
                _readers[i].MayHearOf = _durable;
            }
        }

        var survived = (int)Math.Min(found!.Snapshot().LastSequence, _model!.LastSequence);
        Require(crash == Crash.PowerLoss || wasCutting ? survived >= _durable : survived == _model.LastSequence, $"{survived} records survived; {(crash == Crash.PowerLoss ? _durable : _model.LastSequence)} had to.");
        _model.CutBackTo(survived);
        CutReaders(survived);
        _durable = survived;
        _isFaulted = false;
    }

    /// <summary>The log and the model agree.</summary>
    private void Compare()
    {
        if (_log is null || _gone != EndReason.None)
        {
            return;
        }

        var snapshot = _log.Snapshot();
        Require(snapshot.LastSequence == _model!.LastSequence, $"The log has {snapshot.LastSequence} records, not {_model.LastSequence}.");
        Require((snapshot.Completion is null) == (_model.Completion is null), "Log and model disagree about the completion.");
        foreach (var output in snapshot.Outputs)
        {
            Require(output.Length == _model.Length(output.Output), $"{output.Output} has {output.Length} bytes, not {_model.Length(output.Output)}.");
            Require(ForcesNothing || output.DurableTo <= output.Length, $"{output.Output} is durable beyond its end.");
            Require(output.FirstOffset == 0 || _options.MaxSessionBytes > 0, $"{output.Output} was trimmed without a limit.");
        }
    }

    private void NoteTrimmed()
    {
        foreach (var output in _log!.Snapshot().Outputs)
        {
            _trimmed[output.Output] = Math.Max(_trimmed.GetValueOrDefault(output.Output), output.FirstOffset);
        }
    }

    /// <summary>No more faults: whoever is still there gets everything through, and everyone has read everything; then once more after a restart.</summary>
    private async Task Settle()
    {
        _faultsLeft = 0;
        _isSettling = true;
        Note("settle", "");
        if (_gone != EndReason.None || _log is null)
        {
            await Restart(Crash.None);
            return;
        }

        foreach (var connection in _connections.ToList())
        {
            connection.OnTheWay.Clear();
            await Release(connection, inGoodOrder: false);
        }

        var isCompleted = _model!.Completion is not null && !_isFaulted;
        foreach (var writer in isCompleted ? [] : _writers)
        {
            await Finish(writer);
        }

        ReadAll();
        await Restart(Crash.None);
        ReadAll();
    }

    private async Task Finish(ModelWriter writer)
    {
        await Connect(writer, ++writer.Attempt, OutputTypes.All);
        if (_model!.Completion is not null)
        {
            return;
        }

        var connection = writer.Connection!;
        while (connection.OnTheWay.TryDequeue(out var item))
        {
            await Deliver(connection, item);
        }

        foreach (var output in OutputTypes.All)
        {
            Require(_model.Stored(writer.Run, output) == writer.Produced[output], $"{writer.RunId} has {writer.Produced[output]} bytes of {output}; {_model.Stored(writer.Run, output)} are stored.");
        }

        Compare();
        await Flush();
        if (writer == _writers[^1])
        {
            await Complete(writer);
        }

        await Release(connection, inGoodOrder: true);
    }

    private void ReadAll()
    {
        var fresh = new ModelReader(0);
        foreach (var output in OutputTypes.All)
        {
            fresh.Next[output] = 0;
        }

        fresh.Connection = _log!.OpenReader(ReadFrom.Start);
        foreach (var reader in _readers.Append(fresh))
        {
            if (reader.Connection is null && !TryOpen(reader))
            {
                TryOpen(reader);
            }

            while (Read(reader, 500))
            {
            }

            Require(reader.MustHearOf is null, $"{reader} is at the tail, and was never told that nothing survived after {reader.MustHearOf}.");
            foreach (var output in OutputTypes.All)
            {
                Require(!reader.Next.TryGetValue(output, out var next) || next == _model!.Length(output), $"{reader} is at the tail, with {next} of {output} instead of {_model!.Length(output)}.");
            }
        }

        fresh.Connection.Dispose();
        CheckSums();
    }

    private void CheckSums()
    {
        foreach (var output in _log!.Snapshot().Outputs)
        {
            var (_, crc) = _model!.TallyAt(_model.LastSequence, output.Output);
            Require(output.Crc32C == crc, $"The checksum of {output.Output} is wrong.");
            Require(output.Lines == _model.Lines(output.Output), $"{output.Output} has {output.Lines} lines, not {_model.Lines(output.Output)}.");
        }
    }

    private string Describe() => _log is null ? "none" : $"{_log.Snapshot().LastSequence} records, {string.Join(", ", _log.Snapshot().Outputs.Select(output => $"{output.Output} {output.FirstOffset}–{output.Length}"))}";
}
