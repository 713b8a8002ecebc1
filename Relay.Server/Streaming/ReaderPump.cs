using Relay.Contracts;
using Relay.Server.Sessions;
using Relay.Server.Storage;

namespace Relay.Server.Streaming;

/// <summary>What a reader wants.</summary>
/// <param name="Outputs">The outputs; others are passed over.</param>
/// <param name="From">Where to begin.</param>
/// <param name="Follow">Stay at the tail until the session ends.</param>
/// <param name="EndWhenLost">Also end when the writer vanished. Raw readers only: they cannot be told that it may come back.</param>
internal sealed record ReaderWish(IReadOnlyList<OutputType> Outputs, ReadFrom From, bool Follow, bool EndWhenLost);

/// <summary>
/// Carries one reader through a log: replay and live are the same loop, so there is no hand-over between them. It pulls; a reader that does not ask
/// costs a cursor and nothing else.
/// </summary>
internal sealed class ReaderPump : IDisposable
{
    private readonly Session _session;
    private readonly ReaderWish _wish;
    private readonly StreamingOptions _options;
    private readonly int _batchBytes;
    private readonly TimeProvider _time;
    private readonly CancellationToken _stopping;
    private readonly ILogReader _reader;
    private readonly List<LogEntry> _entries = [];
    private readonly long _began;
    private bool _placeIsNews;
    private bool _isOver;

    /// <exception cref="RelayException">The session is gone or has its most readers, the cursor is not of this session, or the offset is beyond the end.</exception>
    public ReaderPump(Session session, ReaderWish wish, StreamingOptions options, int batchBytes, TimeProvider time, CancellationToken stopping)
    {
        (_session, _wish, _options, _batchBytes, _time, _stopping) = (session, wish, options, batchBytes, time, stopping);
        _reader = Join(session, wish.From, options.MaxReadersPerSession);
        _began = time.GetTimestamp();
        _placeIsNews = wish.From is ReadFrom.Tail or ReadFrom.LastLines or ReadFrom.Since;
        session.Touch();
    }

    private ISessionLog Log => _session.Log;

    /// <summary>
    /// The next batch; its memory is valid until the next call. The last one ends in an <see cref="LogEntryKind.End"/>, then there is none.
    /// A start that only the server can place (the tail, the last lines, a time) is answered at once, by an empty batch if need be: with its
    /// cursor, a reader that loses its connection goes on from the same place.
    /// </summary>
    /// <exception cref="RelayException">The server is stopping.</exception>
    public async ValueTask<LogBatch?> NextAsync(CancellationToken cancellationToken)
    {
        if (_isOver)
        {
            return null;
        }

        _entries.Clear();
        while (true)
        {
            ThrowIfStopping();
            cancellationToken.ThrowIfCancellationRequested();
            var seen = Log.Changed.Version;
            var isAny = Log.Gone == EndReason.None && _reader.Read(_entries, _batchBytes);
            if (Log.Gone is var gone and not EndReason.None)
            {
                // Looked at after reading: files that go with the session would look like damage.
                return End(new LogEntry { Kind = LogEntryKind.End, End = gone });
            }

            if (isAny)
            {
                _entries.RemoveAll(IsUnwanted);
                if (_entries.Count > 0)
                {
                    _session.Touch();
                    return Batch();
                }

                await Task.Yield(); // A reader of one output may have gigabytes of the other to pass over: let others have the thread.
                continue;
            }

            if (_placeIsNews)
            {
                return Batch();
            }

            var snapshot = Log.Snapshot();
            var patience = Timeout.InfiniteTimeSpan;

            // The tail and the snapshot were looked at one after the other: only if nothing came between may an end be concluded.
            if (_reader.Cursor.Sequence == snapshot.LastSequence && EndOf(snapshot, out patience) is { } end)
            {
                return End(end);
            }

            if (Log.Changed.WaitAsync(seen) is { IsCompleted: false } changed)
            {
                _entries.Capacity = 0; // The last batch may have had thousands of lines, and the next one be long in coming.
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping);

                // Here and without a failure, for a method of its own would cost each reader that waits another hundred bytes: the loop looks what it was.
                await changed.WaitAsync(patience, _time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>The last batch was copied or sent, and it may be long until the next one is asked for: a reader that waits holds no memory of the log.</summary>
    public void Rest()
    {
        _entries.Clear();
        _reader.Rest();
    }

    /// <summary>Gives the files of a session that is gone back, while the reader still waits to be told.</summary>
    public void LetGoIfGone()
    {
        if (Log.Gone != EndReason.None)
        {
            _reader.Dispose();
        }
    }

    public void Dispose()
    {
        _reader.Dispose();
        _session.ReaderLeft();
        _session.Touch();
    }

    /// <summary>Counts a reader, which says <see cref="Session.ReaderLeft"/> when it goes.</summary>
    /// <exception cref="RelayException">The session has its most readers.</exception>
    public static void Join(Session session, int most)
    {
        if (!session.TryJoin(most))
        {
            throw new RelayException(
                RelayErrorCode.LimitReached, $"Session '{session.Id}' has its most readers, {most} (Streaming:MaxReadersPerSession). Try again when one has left.");
        }
    }

    private static ILogReader Join(Session session, ReadFrom from, int most)
    {
        Join(session, most);
        try
        {
            return session.Log.OpenReader(from);
        }
        catch
        {
            session.ReaderLeft();
            throw;
        }
    }

    /// <summary>Whether a reader at the tail is done, and if not, how long until it may be without anything happening.</summary>
    private LogEntry? EndOf(LogSnapshot snapshot, out TimeSpan patience)
    {
        patience = Timeout.InfiniteTimeSpan;
        if (snapshot.Completion is { } completion)
        {
            return EndAt(snapshot, EndReason.Completed) with { ExitCode = completion.ExitCode };
        }

        if (!_wish.Follow)
        {
            return EndAt(snapshot, EndReason.Tail);
        }

        var outputs = _wish.Outputs.Select(output => snapshot[output]).ToList();
        var left = outputs.Where(output => output.Phase is OutputPhase.Closed or OutputPhase.Lost).ToList();
        var lost = left.Exists(output => output.Phase == OutputPhase.Lost);
        if (left.Count == 0 || outputs.Exists(output => output.Phase == OutputPhase.Open) || (lost && !_wish.EndWhenLost))
        {
            return null;
        }

        var since = Math.Max(_began, left.Max(output => output.PhaseSince));
        patience = _options.ReaderGrace - _time.GetElapsedTime(since);
        return patience > TimeSpan.Zero ? null : EndAt(snapshot, lost ? EndReason.WriterLost : EndReason.WriterClosed);
    }

    private LogEntry EndAt(LogSnapshot snapshot, EndReason reason) => new()
    {
        Kind = LogEntryKind.End,
        End = reason,
        Totals = [.. _wish.Outputs.Select(output => new OutputTotal(output, snapshot[output].Length, snapshot[output].Crc32C))],
    };

    private LentBatch End(LogEntry end)
    {
        _isOver = true;
        _entries.Clear();
        _entries.Add(end);
        return Batch();
    }

    private LentBatch Batch()
    {
        _placeIsNews = false;
        return new LentBatch(this) { Cursor = _reader.Cursor.ToString(), Entries = _entries };
    }

    private bool IsUnwanted(LogEntry entry) => entry.Kind is LogEntryKind.Data or LogEntryKind.Gap && !_wish.Outputs.Contains(entry.Output);

    private void ThrowIfStopping()
    {
        if (_stopping.IsCancellationRequested)
        {
            throw Errors.Stopping();
        }
    }
}
