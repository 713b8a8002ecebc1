namespace Relay.Server.Security;

/// <summary>
/// Says in the log what is refused because of a limit: once when it begins, and once, with the count, when it has been over for a while. A line for each
/// refusal would let strangers fill the log.
/// </summary>
internal sealed partial class Refusals : IDisposable
{
    /// <summary>More at a time are counted as from many places.</summary>
    private const int MaxEpisodes = 1000;

    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);
    private readonly Dictionary<(string What, string Place), Episode> _episodes = [];
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly ILogger<Refusals> _logger;
    private readonly ITimer _timer;

    public Refusals(TimeProvider time, ILogger<Refusals> logger)
    {
        (_time, _logger) = (time, logger);
        _timer = time.CreateTimer(_ => EndTheQuiet(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <param name="what">What is refused, in the plural.</param>
    /// <param name="place">Where it came from.</param>
    public void Note(string what, string place)
    {
        bool isNew;
        lock (_lock)
        {
            var key = _episodes.ContainsKey((what, place)) || _episodes.Count < MaxEpisodes ? (what, place) : (what, "many more");
            isNew = !_episodes.TryGetValue(key, out var episode);
            _episodes[key] = new Episode((episode?.Count ?? 0) + 1, _time.GetTimestamp());
            place = key.Item2;
            if (_episodes.Count == 1 && isNew)
            {
                _timer.Change(Quiet, Quiet);
            }
        }

        if (isNew)
        {
            LogBegan(what, place);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void EndTheQuiet()
    {
        List<((string What, string Place) Key, long Count)> over = [];
        lock (_lock)
        {
            foreach (var (key, episode) in _episodes)
            {
                if (_time.GetElapsedTime(episode.LastAt) >= Quiet)
                {
                    _episodes.Remove(key);
                    over.Add((key, episode.Count));
                }
            }

            if (_episodes.Count == 0)
            {
                _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }

        foreach (var (key, count) in over)
        {
            LogEnded(key.What, key.Place, count);
        }
    }

    private sealed record Episode(long Count, long LastAt);

    [LoggerMessage(LogLevel.Warning, "Too many {What} from {Place}: those beyond the limit are refused")]
    private partial void LogBegan(string what, string place);

    [LoggerMessage(LogLevel.Warning, "Too many {What} from {Place} is over: {Count} were refused")]
    private partial void LogEnded(string what, string place, long count);
}
