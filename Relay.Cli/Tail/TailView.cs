using Relay.Cli.Tail.Lines;
using Relay.Cli.Tail.Reading;
using Relay.Contracts;

namespace Relay.Cli.Tail;

/// <summary>
/// Shows what is read: as bytes where nothing asks for lines, else line by line. Batches, messages and ticks come from different threads;
/// one lock makes them one after the other.
/// </summary>
internal sealed class TailView(TailSinks sinks, TailStatus status, Action<TailedSession, LogEntry> onMark, TimeProvider time)
{
    /// <summary>A line that stays open is shown after so long, so that a prompt does not hide.</summary>
    private static readonly TimeSpan OpenLineDelay = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly Dictionary<TailedSession, LineAssembler?[]> _lines = [];
    private LineAssembler? _lastOpen;
    private bool _closed;

    public void Show(in SessionBatch batch)
    {
        lock (_gate)
        {
            status.Shown(batch);
            for (var i = 0; i < batch.Entries.Count; i++)
            {
                var cursor = i == batch.Entries.Count - 1 ? batch.Cursor : null;
                if (batch.Entries[i].Kind == LogEntryKind.Data)
                {
                    ShowData(batch.Session, batch.Entries[i], cursor);
                }
                else
                {
                    ShowMark(batch.Session, batch.Entries[i], cursor);
                }
            }

            Update();
        }
    }

    /// <summary>Says a line to the person, between the lines of the log.</summary>
    public void Say(string message)
    {
        lock (_gate)
        {
            sinks.Bytes.Flush();
            sinks.Say(message);
            Update();
        }
    }

    /// <summary>Time has passed: shows lines that stay open, and how the tail stands.</summary>
    public void Tick()
    {
        if (!_gate.TryEnter())
        {
            return; // Busy, or stuck on a terminal that was stopped. The next tick will do.
        }

        try
        {
            foreach (var assembler in Open().Where(line => sinks.Shows(line.Output) && !sinks.ShowsOpenLines(line.Output)))
            {
                if (time.GetElapsedTime(assembler.TouchedAt) >= OpenLineDelay)
                {
                    assembler.Show();
                }
            }

            Update();
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>Shows what waits and takes the live row away.</summary>
    public void Close()
    {
        lock (_gate)
        {
            foreach (var assembler in Open())
            {
                assembler.Break();
            }

            _lines.Clear();
            _closed = true;
            sinks.Close();
            sinks.Bytes.Flush();
        }
    }

    private void ShowData(TailedSession session, in LogEntry entry, string? cursor)
    {
        if (sinks.Of(entry.Output) is not { } sink)
        {
            sinks.Bytes.Write(entry.Output, entry.Data.Span);
            return;
        }

        if (!_lines.TryGetValue(session, out var assemblers))
        {
            _lines[session] = assemblers = new LineAssembler?[3];
        }

        var assembler = assemblers[(int)entry.Output] ??= new LineAssembler(session, entry.Output, sink, sinks.ShowsOpenLines(entry.Output));
        var other = assemblers[3 - (int)entry.Output];
        assembler.Add(entry, other is { IsOpen: true } ? null : cursor, time.GetTimestamp());
        _lastOpen = assembler;
    }

    private void ShowMark(TailedSession session, in LogEntry mark, string? cursor)
    {
        foreach (var assembler in _lines.GetValueOrDefault(session) ?? [])
        {
            assembler?.Break();
        }

        if (mark.Kind == LogEntryKind.End)
        {
            _lines.Remove(session);
        }

        sinks.Bytes.Flush();
        sinks.Mark(session, mark, cursor);
        onMark(session, mark);
    }

    private void Update()
    {
        if (_closed)
        {
            return;
        }

        var open = _lastOpen is { IsOpen: true } last && sinks.ShowsOpenLines(last.Output)
            ? last
            : Open().FirstOrDefault(assembler => sinks.ShowsOpenLines(assembler.Output));
        sinks.Update(open, status.Text(), status.IsUrgent);
        sinks.Bytes.Flush();
    }

    private IEnumerable<LineAssembler> Open() =>
        _lines.Values.SelectMany(assemblers => assemblers).OfType<LineAssembler>().Where(assembler => assembler.IsOpen);
}
