using Relay.Contracts;

namespace Relay.Client.Reading;

/// <summary>
/// Remembers how far a read has come, and so what to ask for next. A batch counts once all of it was handed out: what broke off before is
/// asked for again, what was handed out never is.
/// </summary>
internal sealed class ReadResume
{
    private readonly ReadRequest _first;
    private string? _cursor;

    /// <exception cref="ArgumentException">The options contradict themselves.</exception>
    public ReadResume(string session, ReadOptions options)
    {
        if (options.Start == ReadStart.Cursor && string.IsNullOrEmpty(options.Cursor))
        {
            throw new ArgumentException($"{nameof(ReadStart)}.{nameof(ReadStart.Cursor)} needs a {nameof(ReadOptions.Cursor)}.", nameof(options));
        }

        if (options.TailLines < 0)
        {
            throw new ArgumentException($"{nameof(ReadOptions.TailLines)} must not be below zero; it is {options.TailLines}.", nameof(options));
        }

        Options = options;
        _first = new ReadRequest
        {
            Session = session,
            Outputs = options.Outputs,
            Start = options.Start,
            Cursor = options.Start == ReadStart.Cursor ? options.Cursor : null,
            TailLines = options.TailLines,
            SinceMicros = options.Start == ReadStart.Since ? (options.Since - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond : 0,
            Follow = options.Follow,
        };
    }

    public ReadOptions Options { get; }

    public string Session => _first.Session;

    /// <summary>Whether the session is still to be waited for when there is none.</summary>
    public bool MayWait => Options.WaitForSession && _first.Start != ReadStart.Cursor && _cursor is null;

    /// <summary>What to ask the relay for now.</summary>
    public ReadRequest NextRequest() => _cursor is null
        ? _first
        : _first with { Start = ReadStart.Cursor, Cursor = _cursor, TailLines = 0, SinceMicros = 0 };

    /// <summary>The whole batch was handed out.</summary>
    public void Consumed(LogBatch batch)
    {
        if (batch.Cursor.Length > 0)
        {
            _cursor = batch.Cursor;
        }
    }
}
