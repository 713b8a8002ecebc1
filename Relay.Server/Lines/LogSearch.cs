using System.Runtime.CompilerServices;
using Relay.Contracts;
using Relay.Server.Storage;

namespace Relay.Server.Lines;

/// <summary>
/// Searches a log line by line, for as long as it may. It holds no lock, and gives the thread away after each piece; how many search at a time is limited by
/// <see cref="SearchTurns"/>.
/// </summary>
internal sealed class LogSearch(ISessionLog log, SearchRequest request, IReadOnlyList<OutputType> outputs, SearchTurns turns, TimeSpan budget, TimeProvider time)
{
    /// <summary>How often a search that finds nothing says how far it is.</summary>
    private static readonly TimeSpan Telling = TimeSpan.FromMilliseconds(250);

    /// <summary>So many matches are told at once.</summary>
    private const int FullBatch = 2000;

    /// <summary>A search backwards takes pieces of about so many bytes, each of which it walks forwards.</summary>
    private const long PieceBytes = 4 * 1024 * 1024;

    private readonly LineMatcher _matcher = new(request);
    private int _found;
    private long _searched;
    private TimeSpan _spent;

    /// <exception cref="RelayException">The pattern is wrong, or the log was cut back meanwhile.</exception>
    public async IAsyncEnumerable<SearchBatch> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var turn = await turns.TakeAsync(cancellationToken);
        var pieces = request.Backwards ? Backwards() : Forwards();
        var told = time.GetTimestamp();
        var (positions, lines) = (new List<long>(), new List<PageEntry>());
        foreach (var piece in pieces)
        {
            cancellationToken.ThrowIfCancellationRequested();
            positions.AddRange(piece.Positions);
            lines.AddRange(piece.Lines);
            if (piece.End != SearchEnd.None || positions.Count >= FullBatch || time.GetElapsedTime(told) >= Telling)
            {
                yield return piece with { Positions = [.. positions], Lines = [.. lines] };
                (told, positions, lines) = (time.GetTimestamp(), [], []);
            }

            if (piece.End != SearchEnd.None)
            {
                yield break;
            }

            await Task.Yield(); // A search of gigabytes lets others have the thread.
        }
    }

    private IEnumerable<SearchBatch> Forwards()
    {
        var from = Math.Max(request.From, Kept(log.Snapshot()));
        var found = new SearchedLines(_matcher, from, long.MaxValue, request.WithLines) { Next = from };
        using var walk = new LineWalk(log, outputs, from <= Kept(log.Snapshot()) ? 0 : from, found);
        while (true)
        {
            var began = time.GetTimestamp();
            var isMore = walk.Read();
            var snapshot = log.Snapshot();
            ThrowIfDiverged(walk);
            if (!isMore && snapshot.Completion is not null)
            {
                TakeLast(walk, found);
            }

            _searched = walk.Bytes;
            _spent += time.GetElapsedTime(began);
            var end = !isMore ? SearchEnd.Complete : _spent > budget ? SearchEnd.Time : SearchEnd.None;
            yield return Batch(found, end, found.Next, snapshot);
            found.Clear();
        }
    }

    /// <summary>What a completed log ends in without a newline.</summary>
    private void TakeLast(LineWalk walk, SearchedLines found)
    {
        var position = outputs.Sum(walk.Lines);
        foreach (var output in OutputTypes.All.Where(outputs.Contains))
        {
            if (walk.Open(output) is { } open)
            {
                found.Last(open, position++);
            }
        }
    }

    private IEnumerable<SearchBatch> Backwards()
    {
        var snapshot = log.Snapshot();
        var kept = Kept(snapshot);
        var end = outputs.Sum(output => snapshot[output].Lines);
        end = request.From < 0 ? end : Math.Min(request.From, end);
        var piece = 1000L;
        while (true)
        {
            var began = time.GetTimestamp();
            var first = Math.Max(end - piece, kept);
            var found = new SearchedLines(_matcher, first, end, request.WithLines) { Next = first };
            using (var walk = new LineWalk(log, outputs, first <= kept ? 0 : first, found))
            {
                while (!found.IsAtEnd && walk.Read())
                {
                    ThrowIfDiverged(walk);
                }

                _searched += walk.Bytes;
                piece = walk.Bytes < PieceBytes / 2 ? Math.Min(piece * 2, 1_000_000) : walk.Bytes > PieceBytes ? Math.Max(piece / 2, 100) : piece;
            }

            found.Positions.Reverse();
            found.Lines.Reverse();
            end = first;
            _spent += time.GetElapsedTime(began);
            yield return Batch(found, end <= kept ? SearchEnd.Complete : _spent > budget ? SearchEnd.Time : SearchEnd.None, end, snapshot);
        }
    }

    private SearchBatch Batch(SearchedLines found, SearchEnd end, long next, LogSnapshot snapshot)
    {
        var left = request.Limit - _found;
        if (found.Positions.Count >= left)
        {
            // What lies behind the last match that is wanted is for the next search.
            (end, next) = (SearchEnd.Limit, request.Backwards ? found.Positions[left - 1] : found.Positions[left - 1] + 1);
        }

        _found += found.Positions.Count;
        return new SearchBatch
        {
            Positions = [.. found.Positions.Take(left)],
            Lines = [.. found.Lines.Take(left)],
            Searched = _searched,
            Total = Math.Max(_searched, snapshot.Outputs.Sum(output => output.Length - output.FirstOffset)),
            Next = next,
            End = end,
        };
    }

    private long Kept(LogSnapshot snapshot) => outputs.Sum(output => snapshot[output].FirstLine);

    private static void ThrowIfDiverged(LineWalk walk)
    {
        if (walk.HasDiverged)
        {
            throw new RelayException(RelayErrorCode.StorageFailed, "The log was cut back while it was searched. Search again.");
        }
    }
}
