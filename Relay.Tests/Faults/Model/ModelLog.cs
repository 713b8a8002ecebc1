using System.Text;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;

namespace Relay.Tests.Faults.Model;

/// <summary>One record, as the promises see it.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Output">Its output.</param>
/// <param name="Run">Grant, complete: the run.</param>
/// <param name="Attempt">Grant: the attempt.</param>
/// <param name="Bytes">Data: the bytes. Gap: as many as are missing; their values mean nothing.</param>
/// <param name="ExitCode">Complete: the exit code.</param>
internal sealed record ModelRecord(RecordKind Kind, OutputType Output, int Run = 0, int Attempt = 0, byte[]? Bytes = null, int? ExitCode = null);

/// <summary>
/// The promises about one incarnation of a session, in the plainest form: a list of records and what follows from it. The n-th record has
/// sequence n. A crash takes records off the end, and nothing else ever changes.
/// </summary>
internal sealed class ModelLog
{
    private const int Lost = -1;
    private readonly Dictionary<OutputType, Lane> _lanes = [];
    private readonly Dictionary<int, int> _attempts = [];
    private List<ModelRecord> _records = [];

    public ModelLog() => Forget();

    public int LastSequence => _records.Count;

    public ModelRecord? Completion { get; private set; }

    public long Length(OutputType output) => _lanes[output].Content.Count;

    /// <summary>The last attempt of a run that was granted anything.</summary>
    public int Attempt(int run) => _attempts.GetValueOrDefault(run);

    /// <summary>Below this offset a run may not write: what is there belongs to earlier runs.</summary>
    public long Base(int run, OutputType output) => _lanes[output] is var lane && lane.LastRun == run ? lane.Base : lane.Content.Count;

    /// <summary>How many of a run's own bytes the output holds.</summary>
    public long Stored(int run, OutputType output)
    {
        var lane = _lanes[output];
        var before = lane.StoredBefore.GetValueOrDefault(run);
        return lane.LastRun == run ? before + lane.Content.Count - lane.Base : before;
    }

    public bool HasGaps(int run, OutputType output) => _lanes[output].Gappy.Contains(run);

    public bool IsLost(OutputType output, long offset) => _lanes[output].Content[(int)offset] == Lost;

    public void Add(ModelRecord record)
    {
        _records.Add(record);
        Apply(record);
    }

    /// <summary>Only the first records have survived.</summary>
    public void CutBackTo(int sequence)
    {
        var kept = _records[..sequence];
        Forget();
        foreach (var record in kept)
        {
            Add(record);
        }
    }

    public ModelLog Copy()
    {
        var copy = new ModelLog();
        _records.ForEach(copy.Add);
        return copy;
    }

    /// <summary>What an output held up to a sequence.</summary>
    public (long Length, uint Crc) TallyAt(int sequence, OutputType output)
    {
        var (length, crc) = (0L, 0u);
        foreach (var record in _records.Take(sequence).Where(record => record.Output == output && record.Bytes is not null))
        {
            length += record.Bytes!.Length;
            crc = record.Kind == RecordKind.Data ? Crc32C.Append(crc, record.Bytes) : crc;
        }

        return (length, crc);
    }

    /// <summary>Whether bytes are those that stand at an offset.</summary>
    public bool Holds(OutputType output, long offset, ReadOnlySpan<byte> bytes)
    {
        var content = _lanes[output].Content;
        if (offset < 0 || offset + bytes.Length > content.Count)
        {
            return false;
        }

        for (var i = 0; i < bytes.Length; i++)
        {
            if (content[(int)offset + i] != bytes[i])
            {
                return false;
            }
        }

        return true;
    }

    public long Lines(OutputType output) => _lanes[output].Content.Count(value => value == '\n');

    /// <summary>Where the last lines of an output begin; an end without a newline counts as a line.</summary>
    public long LastLines(OutputType output, int lines)
    {
        var content = _lanes[output].Content;
        var at = content.Count;
        if (lines == 0)
        {
            return at;
        }

        for (var left = lines; at > 0; at--)
        {
            if (content[at - 1] == '\n' && at < content.Count && --left == 0)
            {
                break;
            }
        }

        return at;
    }

    public override string ToString() => new StringBuilder().AppendJoin(' ', _records.Select((record, i) => record.Kind switch
    {
        RecordKind.Grant => $"{i + 1}:grant({record.Output} {record.Run}.{record.Attempt})",
        RecordKind.Data or RecordKind.Gap => $"{i + 1}:{record.Kind}({record.Output} {record.Bytes!.Length})",
        _ => $"{i + 1}:{record.Kind}",
    })).ToString();

    private void Forget()
    {
        _records = [];
        _attempts.Clear();
        Completion = null;
        foreach (var output in OutputTypes.All)
        {
            _lanes[output] = new Lane();
        }
    }

    private void Apply(ModelRecord record)
    {
        switch (record.Kind)
        {
            case RecordKind.Grant:
                _attempts[record.Run] = Math.Max(Attempt(record.Run), record.Attempt);
                _lanes[record.Output].Grant(record.Run);
                break;
            case RecordKind.Data:
                _lanes[record.Output].Content.AddRange(record.Bytes!.Select(value => (short)value));
                break;
            case RecordKind.Gap:
                _lanes[record.Output].Content.AddRange(Enumerable.Repeat((short)Lost, record.Bytes!.Length));
                _lanes[record.Output].Gappy.Add(_lanes[record.Output].LastRun);
                break;
            case RecordKind.Complete:
                Completion = record;
                break;
        }
    }

    private sealed class Lane
    {
        public List<short> Content { get; } = [];

        public HashSet<int> Gappy { get; } = [];

        public Dictionary<int, long> StoredBefore { get; } = [];

        public int LastRun { get; private set; } = -1;

        public long Base { get; private set; }

        public void Grant(int run)
        {
            if (run == LastRun)
            {
                return;
            }

            if (LastRun >= 0)
            {
                StoredBefore[LastRun] = StoredBefore.GetValueOrDefault(LastRun) + Content.Count - Base;
            }

            (LastRun, Base) = (run, Content.Count);
        }
    }
}
