using Relay.Cli.Tail.Reading;
using Relay.Client;
using Relay.Contracts;

namespace Relay.Cli.Tail;

/// <summary>How a tail stands, in one line for a person: <c>live · etl-7 · 12.3 MB · 00:03:21</c>. Told from many threads.</summary>
internal sealed class TailStatus(TimeProvider time, bool follows)
{
    /// <summary>Less than this is on its way, and no news.</summary>
    private const long WorthSaying = 256 * 1024;

    private static readonly TimeSpan RefreshAfter = TimeSpan.FromMilliseconds(200);

    private readonly Lock _lock = new();
    private readonly long _begun = time.GetTimestamp();
    private readonly Dictionary<TailedSession, ConnectionChange?> _sessions = [];
    private readonly long[] _shownTo = new long[3];
    private readonly List<OutputType> _lost = [];
    private DateTimeOffset _lostAt;
    private long _bytes;
    private long _lastMicros;
    private long _behindBytes;
    private TimeSpan _behindTime;
    private string _text = "";
    private long _textAt;

    /// <summary>Whether it is something else than good news.</summary>
    public bool IsUrgent { get; private set; }

    /// <summary>Whether there is somebody to see it; else <see cref="Text"/> is empty.</summary>
    public bool IsShown { get; init; }

    public void Meet(TailedSession session)
    {
        lock (_lock)
        {
            _sessions[session] = null;
        }
    }

    public void OnConnectionChange(TailedSession session, ConnectionChange change)
    {
        lock (_lock)
        {
            _sessions[session] = change;
        }
    }

    public void OnPresence(PresenceEvent happened)
    {
        lock (_lock)
        {
            switch (happened.Kind)
            {
                case PresenceKind.WriterLost:
                    _lost.Add(happened.Output);
                    _lostAt = TimeZoneInfo.ConvertTime(time.GetUtcNow(), time.LocalTimeZone);
                    break;
                case PresenceKind.WriterConnected or PresenceKind.WriterClosed or PresenceKind.OutputEnded:
                    _lost.RemoveAll(output => output == happened.Output);
                    break;
            }
        }
    }

    public void Shown(in SessionBatch batch)
    {
        lock (_lock)
        {
            foreach (var entry in batch.Entries.AsSpan())
            {
                switch (entry.Kind)
                {
                    case LogEntryKind.Data:
                        _bytes += entry.Data.Length;
                        _shownTo[(int)entry.Output] = entry.Offset + entry.Data.Length;
                        _lastMicros = entry.TimeMicros;
                        break;
                    case LogEntryKind.End:
                        _sessions.Remove(batch.Session);
                        break;
                }
            }

            if (batch.Failure is not null)
            {
                _sessions.Remove(batch.Session);
            }
        }
    }

    /// <summary>The relay's own word on the session: what it holds against what was shown, both by the relay's clock.</summary>
    /// <param name="outputs">Those that are shown.</param>
    public void Measured(SessionStatus session, IEnumerable<OutputType> outputs)
    {
        lock (_lock)
        {
            _behindBytes = outputs.Sum(output => Math.Max(session.Outputs.GetValueOrDefault(output.ToName())?.Bytes - _shownTo[(int)output] ?? 0, 0));
            var shownTo = DateTimeOffset.UnixEpoch.AddTicks(_lastMicros * TimeSpan.TicksPerMicrosecond);
            _behindTime = _lastMicros > 0 && session.LastActivityAt > shownTo ? session.LastActivityAt - shownTo : TimeSpan.Zero;
        }
    }

    /// <summary>The line; made anew at most five times a second.</summary>
    public string Text()
    {
        lock (_lock)
        {
            // Nothing for the first moment: a tail that ends at once needs no status.
            if (IsShown && time.GetElapsedTime(Math.Max(_textAt, _begun)) >= RefreshAfter)
            {
                _text = Compose();
                _textAt = time.GetTimestamp();
            }

            return _text;
        }
    }

    private string Compose()
    {
        var state = State();
        IsUrgent = state is not null;
        var name = _sessions.Count == 1 ? _sessions.Keys.First().Name : $"{_sessions.Count} sessions";
        return $"{state ?? (follows ? "live" : "reading")} · {name} · {Size(_bytes)} · {time.GetElapsedTime(_begun):hh\\:mm\\:ss}";
    }

    private string? State()
    {
        var away = _sessions.Values.Where(change => change?.State == ConnectionState.Disconnected).ToList();
        if (away is [{ } change, ..])
        {
            var many = _sessions.Count > 1 ? $" to {away.Count} of {_sessions.Count}" : "";
            return $"reconnecting{many} in {change.RetryIn?.TotalSeconds:0.0} s: {change.Reason?.Message}";
        }

        return _sessions.Values.Any(change => change is null) ? "connecting"
            : _sessions.Values.Any(change => change?.State == ConnectionState.WaitingForSession) ? "waiting for the session"
            : _lost.Count > 0 ? $"writer lost at {_lostAt:HH:mm:ss}"
            : _behindBytes >= WorthSaying ? $"behind by {Size(_behindBytes)} / {_behindTime.TotalSeconds:0} s"
            : null;
    }

    private static string Size(long bytes) => bytes switch
    {
        < 1000 => $"{bytes} B",
        < 1_000_000 => $"{bytes / 1e3:0.0} kB",
        < 1_000_000_000 => $"{bytes / 1e6:0.0} MB",
        _ => $"{bytes / 1e9:0.0} GB",
    };
}
