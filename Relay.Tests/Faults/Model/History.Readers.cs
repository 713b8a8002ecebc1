using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;

namespace Relay.Tests.Faults.Model;

// Readers, and what each of them must see.
internal sealed partial class History
{
    private readonly List<ModelReader> _readers = [new(1), new(2), new(3)];

    private void Read()
    {
        if (_gone != EndReason.None || _log is null)
        {
            return;
        }

        var reader = Pick(_readers);
        if (reader.Connection is null && !TryOpen(reader))
        {
            return;
        }

        Read(reader, _random.Next(3) == 0 ? 1 : _random.Next(1, 2000));
    }

    private bool Read(ModelReader reader, int maxBytes)
    {
        var entries = new List<LogEntry>();
        var isMore = reader.Connection!.Read(entries, maxBytes);
        var cursor = reader.Connection.Cursor;
        Note("read", $"{reader}: {string.Join(", ", entries.Select(Words))}");
        Require(isMore == entries.Count > 0, $"{reader} is told {(isMore ? "that there is more, and given nothing" : "that this is the tail, and given something")}.");
        entries.ForEach(entry => Check(reader, entry));
        Require(reader.MustHearOf is null || entries.Count == 0, $"{reader} saw records that did not survive after {reader.MustHearOf}, and goes on unwarned.");
        foreach (var (output, next) in reader.Next)
        {
            Require(cursor.OffsetOf(output) == next, $"{reader} is at {next} of {output}; its cursor says {cursor.OffsetOf(output)}.");
        }

        reader.Cursor = cursor;
        return isMore;
    }

    private void Check(ModelReader reader, LogEntry entry)
    {
        if (entry.Kind == LogEntryKind.Diverged)
        {
            CheckDiverged(reader, entry);
            return;
        }

        Require(reader.MustHearOf is null, $"{reader} saw records that did not survive after {reader.MustHearOf}, and is given more unwarned.");
        var next = reader.Next.TryGetValue(entry.Output, out var known) ? known : entry.Offset;
        Require(entry.Offset == next, $"{reader} has {entry.Output} up to {next} and is given {Words(entry)}.");
        if (entry.Kind == LogEntryKind.Data)
        {
            Require(_model!.Holds(entry.Output, entry.Offset, entry.Data.Span), $"{reader} is given bytes at {entry.Offset} of {entry.Output} that nobody wrote there.");
            reader.Next[entry.Output] = entry.Offset + entry.Data.Length;
            return;
        }

        var end = entry.Offset + entry.Length;
        var first = _log!.Snapshot()[entry.Output].FirstOffset;
        var isRight = entry.Gap switch
        {
            GapReason.Trimmed => end <= first,
            GapReason.LostByWriter => Enumerable.Range((int)entry.Offset, (int)entry.Length).All(offset => _model!.IsLost(entry.Output, offset)),
            _ => false,
        };
        Require(isRight, $"{reader} is told of a gap that is none: {Words(entry)}; the log begins at {first}.");
        Require(end <= _model!.Length(entry.Output), $"{reader} is told of a gap beyond the end: {Words(entry)}.");
        reader.Next[entry.Output] = end;
    }

    private void CheckDiverged(ModelReader reader, LogEntry entry)
    {
        Require(entry.Sequence == reader.MustHearOf || entry.Sequence == reader.MayHearOf, $"{reader} is told that nothing survived after {entry.Sequence}; it should be {reader.MustHearOf?.ToString() ?? "nothing of the kind"}.");
        foreach (var total in entry.Totals!)
        {
            var (length, crc) = _model!.TallyAt((int)entry.Sequence, total.Output);
            var isTrimmed = total.Bytes == 0 && OutputTypes.All.All(output => _model.TallyAt((int)entry.Sequence, output).Length <= _log!.Snapshot()[output].FirstOffset);
            Require((total.Bytes, total.Crc32C) == (length, crc) || isTrimmed, $"{reader} is told that {total.Bytes} bytes of {total.Output} survived; there are {length}.");
            reader.Next[total.Output] = total.Bytes;
        }

        (reader.MustHearOf, reader.MayHearOf) = (null, null);
    }

    private bool TryOpen(ModelReader reader)
    {
        var from = reader.Cursor is { } cursor ? new ReadFrom.After(ReadCursor.Parse(cursor.ToString())) : Start(reader);
        try
        {
            reader.Connection = _log!.OpenReader(from);
        }
        catch (RelayException e) when (e.Code == RelayErrorCode.SessionReplaced)
        {
            Require(reader.Cursor!.Value.Incarnation != _log!.Incarnation, $"{reader} is told that the session was replaced.");
            reader.Forget();
            return false;
        }

        Require(reader.Cursor is not { } old || old.Incarnation == _log.Incarnation, $"{reader} has a cursor of another incarnation, which is taken.");
        Note("open", $"{reader} {from}");
        return true;
    }

    /// <summary>Where a new reader begins, and what it must then be given first.</summary>
    private ReadFrom Start(ModelReader reader)
    {
        var output = Pick(OutputTypes.All);
        switch (_random.Next(6))
        {
            case 0:
                foreach (var each in OutputTypes.All)
                {
                    reader.Next[each] = _model!.Length(each);
                }

                return new ReadFrom.Tail();
            case 1:
                var offset = _random.NextInt64(_model!.Length(output) + 1);
                reader.Next.Remove(Other(output));
                reader.Next[output] = offset;
                return new ReadFrom.Offset(output, offset);
            case 2:
                var lines = _random.Next(5);
                var first = _log!.Snapshot()[output].FirstOffset;
                reader.Next.Remove(Other(output));
                reader.Next[output] = Math.Max(_model!.LastLines(output, lines), lines > 0 ? first : 0);
                return new ReadFrom.LastLines(lines, [output]);
            default:
                foreach (var each in OutputTypes.All)
                {
                    reader.Next[each] = 0;
                }

                return ReadFrom.Start;
        }
    }

    private void Reconnect()
    {
        var reader = Pick(_readers);
        Note("leave", $"{reader}");
        if (_random.Next(5) == 0)
        {
            reader.Forget();
            return;
        }

        reader.Connection?.Dispose();
        reader.Connection = null;
    }

    /// <summary>Records behind a sequence are gone: who saw them must be told.</summary>
    private void CutReaders(int sequence)
    {
        foreach (var reader in _readers.Where(reader => reader.Cursor is { } cursor && cursor.Sequence > sequence))
        {
            reader.MustHearOf = Math.Min(reader.MustHearOf ?? int.MaxValue, sequence);
        }
    }

    private static OutputType Other(OutputType output) => output == OutputType.Stdout ? OutputType.Stderr : OutputType.Stdout;

    private static string Words(LogEntry entry) => entry.Kind switch
    {
        LogEntryKind.Data => $"{entry.Sequence}:{entry.Output} {entry.Offset}+{entry.Data.Length}",
        LogEntryKind.Gap => $"{entry.Output} gap {entry.Offset}+{entry.Length} {entry.Gap}",
        _ => $"{entry.Kind} after {entry.Sequence}",
    };
}
