using System.Text.Json;
using Relay.Contracts;

namespace Relay.Server.Storage.Embedded;

/// <summary>
/// Everything about a log that follows from its records, and nothing else: appending and recovery both go through <see cref="Apply"/>, so a
/// restart cannot disagree with what ran before. Guarded by the log's lock.
/// </summary>
internal sealed class LogState
{
    /// <summary>How many runs are remembered for resuming. The 65th makes the oldest forget where it stood.</summary>
    private const int MaxRuns = 64;

    private readonly OutputPhase[] _phases = new OutputPhase[OutputTallies.Capacity];
    private readonly string?[] _lastRuns = new string?[OutputTallies.Capacity];
    private readonly List<RunState> _runs = new(1); // Most sessions have one, and most are idle.
    private LogTally _tally;

    public LogTally Tally => _tally;

    public long FencingNumber { get; private set; }

    /// <summary>The latest time of any record, in microseconds since 1970. The wall clock may have gone back since.</summary>
    public long LatestMicros { get; private set; }

    public Completion? Completion { get; private set; }

    public OutputPhase Phase(OutputType output) => _phases[Slot(output)];

    /// <summary>What is remembered of a run, or null.</summary>
    public RunState? Run(string runId) => _runs.Find(run => string.Equals(run.RunId, runId, StringComparison.Ordinal));

    /// <summary>Where an output stands for a run that holds it.</summary>
    public OutputProgress Progress(string runId, OutputType output, long durableTo)
    {
        var run = Run(runId);
        var part = run?.Outputs[Slot(output)] ?? default;
        var length = _tally[output].Length;
        var current = IsLastRun(runId, output);
        return new OutputProgress
        {
            Output = output,
            WrittenTo = length,
            DurableTo = Math.Min(durableTo, length),
            Base = current ? part.Base : length,
            Stored = current ? part.StoredBefore + length - part.Base : part.StoredBefore,
            Verdict = Completion?.Verdicts.GetValueOrDefault(output) ?? Verdict.Unchecked,
        };
    }

    /// <summary>Takes a record into account.</summary>
    public void Apply(in RecordHeader header, ReadOnlySpan<byte> payload)
    {
        var gap = header.Kind == RecordKind.Gap ? GapNote.Read(payload) : null;
        var crcBefore = header.Kind == RecordKind.Data ? _tally[header.Output].Crc : 0;
        _tally.Apply(header, gap?.Length ?? 0);
        FencingNumber = Math.Max(FencingNumber, header.Fencing);
        LatestMicros = Math.Max(LatestMicros, header.TimeMicros);
        switch (header.Kind)
        {
            case RecordKind.Data when Writer(header.Output) is { } writer:
                ref var part = ref writer.Outputs[Slot(header.Output)];
                // The first run's own bytes are all there are; the same checksum, continued by the same bytes, need not be computed twice.
                part.Crc = part.Crc == crcBefore ? header.RunningCrc : Crc32C.Combine(part.Crc, header.PayloadCrc, payload);
                break;
            case RecordKind.Gap when Writer(header.Output) is { } writer:
                writer.Outputs[Slot(header.Output)].HasGaps = true;
                break;
            case RecordKind.Grant:
                Grant(header, JsonSerializer.Deserialize(payload, StorageJson.Default.GrantNote)!);
                break;
            case RecordKind.Release:
                _phases[Slot(header.Output)] = OutputPhase.Closed;
                break;
            case RecordKind.Complete:
                Completion = JsonSerializer.Deserialize(payload, StorageJson.Default.CompletionNote)!.ToCompletion() with { Micros = header.TimeMicros };
                Array.Fill(_phases, OutputPhase.Ended);
                break;
        }
    }

    /// <summary>The holder of an output is gone without a word.</summary>
    public void MarkLost(OutputType output)
    {
        if (Phase(output) == OutputPhase.Open)
        {
            _phases[Slot(output)] = OutputPhase.Lost;
        }
    }

    /// <summary>Goes on at <paramref name="tally"/>, which the log is known to have reached, if what could be read falls short of it in any output.</summary>
    public void SkipTo(in LogTally tally)
    {
        if (tally.Sequence > _tally.Sequence || (tally.Sequence == _tally.Sequence && !tally.AgreesWith(_tally)))
        {
            _tally = tally;
            MarkDamaged();
        }
    }

    /// <summary>Some record could not be read: no run's checksum can be vouched for.</summary>
    public void MarkDamaged()
    {
        foreach (var run in _runs)
        {
            foreach (var output in OutputTypes.All)
            {
                run.Outputs[Slot(output)].HasGaps = true;
            }
        }
    }

    /// <summary>Compares what a run says it wrote with what is stored of it.</summary>
    public Verdict Judge(string runId, OutputTotal total, bool isMasked)
    {
        var run = Run(runId);
        if (run is null || !IsLastRun(runId, total.Output))
        {
            return Verdict.Unchecked;
        }

        var part = run.Outputs[Slot(total.Output)];
        var stored = part.StoredBefore + _tally[total.Output].Length - part.Base;
        return stored != total.Bytes ? Verdict.Mismatch
            : part.HasGaps ? Verdict.Incomplete
            : part.Crc == total.Crc32C ? Verdict.Verified
            : isMasked ? Verdict.Unchecked
            : Verdict.Mismatch;
    }

    /// <summary>Where a run's own bytes begin in an output; null when they do not lie in one piece up to its end.</summary>
    public long? OwnOffset(string runId, OutputType output) =>
        IsLastRun(runId, output) && Run(runId)?.Outputs[Slot(output)] is { StoredBefore: 0 } part ? part.Base : null;

    public StateNote ToNote() => new(
        _tally.Sequence,
        FencingNumber,
        [.. OutputTypes.All.Select(output => new OutputNote(_tally[output].Length, _tally[output].Lines, _tally[output].Crc, Phase(output), _lastRuns[Slot(output)]))],
        [.. _runs.Select(run => new RunNote(run.RunId, run.LastAttempt, run.Anonymous, [.. OutputTypes.All.Select(output => run.Outputs[Slot(output)])]))],
        Completion is null ? null : CompletionNote.Of(Completion),
        LatestMicros);

    public static LogState FromNote(StateNote note)
    {
        var state = new LogState { FencingNumber = note.FencingNumber, LatestMicros = note.LatestMicros };
        state._tally.Sequence = note.Sequence;
        for (var i = 0; i < note.Outputs.Count; i++)
        {
            var output = note.Outputs[i];
            state._tally.Outputs[i] = new OutputTally(output.Length, output.Lines, output.Crc);
            state._phases[i] = output.Phase;
        }

        foreach (var run in note.Runs)
        {
            var restored = new RunState(run.RunId, run.Anonymous) { LastAttempt = run.LastAttempt };
            run.Outputs.CopyTo(restored.Outputs);
            state._runs.Add(restored);
        }

        for (var i = 0; i < note.Outputs.Count; i++)
        {
            var lastRun = note.Outputs[i].LastRun;
            state._lastRuns[i] = lastRun is null ? null : state.Run(lastRun)?.RunId ?? lastRun; // One string for both.
        }

        state.Completion = note.Completion?.ToCompletion();
        return state;
    }

    private void Grant(in RecordHeader header, GrantNote note)
    {
        var slot = Slot(header.Output);
        if (Run(note.RunId) is not { } run)
        {
            run = new RunState(note.RunId, note.Anonymous);
            _runs.Add(run);
        }

        run.LastAttempt = Math.Max(run.LastAttempt, note.Attempt);
        if (!IsLastRun(note.RunId, header.Output))
        {
            if (Writer(header.Output) is { } previous)
            {
                ref var left = ref previous.Outputs[slot];
                left.StoredBefore += header.Offset - left.Base;
            }

            run.Outputs[slot].Base = header.Offset;
            _lastRuns[slot] = run.RunId;
            Forget();
        }

        _phases[slot] = OutputPhase.Open;
    }

    private void Forget()
    {
        _runs.RemoveAll(run => run.Anonymous && !_lastRuns.Contains(run.RunId, StringComparer.Ordinal));
        if (_runs.Count > MaxRuns && _runs.Find(run => !_lastRuns.Contains(run.RunId, StringComparer.Ordinal)) is { } oldest)
        {
            _runs.Remove(oldest);
        }
    }

    private bool IsLastRun(string runId, OutputType output) => string.Equals(_lastRuns[Slot(output)], runId, StringComparison.Ordinal);

    private RunState? Writer(OutputType output) => _lastRuns[Slot(output)] is { } runId ? Run(runId) : null;

    private static int Slot(OutputType output) => (int)output - 1;
}

/// <summary>One run as the log knows it.</summary>
internal sealed class RunState(string runId, bool anonymous)
{
    public string RunId => runId;

    public bool Anonymous => anonymous;

    public int LastAttempt { get; set; }

    public RunOutput[] Outputs { get; } = new RunOutput[OutputTallies.Capacity];
}

/// <summary>One run's part of an output: since it last took the lease from another run, and before.</summary>
internal record struct RunOutput(long Base, long StoredBefore, uint Crc, bool HasGaps);
