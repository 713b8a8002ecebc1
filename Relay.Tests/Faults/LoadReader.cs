using Relay.Client;
using Relay.Contracts;

namespace Relay.Tests.Faults;

/// <summary>
/// Follows a session of <see cref="LoadBytes"/> and looks at every byte. It can be dropped like a process that is killed: then another one
/// goes on from the cursor that it kept.
/// </summary>
internal sealed class LoadReader(Uri relay, string session, KillHistory history) : IDisposable
{
    private readonly Dictionary<OutputType, long> _next = OutputTypes.All.ToDictionary(output => output, _ => 0L);
    private CancellationTokenSource _life = new();
    private string? _cursor;
    private long _read;

    /// <summary>Bytes of both outputs.</summary>
    public long Read => Volatile.Read(ref _read);

    /// <summary>Once <see cref="RunAsync"/> has ended: what the relay said at the end.</summary>
    public LogEntry End { get; private set; }

    /// <summary>Breaks the read off and goes on with a new client, from the last cursor.</summary>
    public void Drop()
    {
        Interlocked.Exchange(ref _life, new CancellationTokenSource()).Cancel(); // Not disposed: the other thread may be about to ask it for its token.
    }

    public async Task RunAsync(CancellationToken stop)
    {
        while (End.Kind != LogEntryKind.End)
        {
            var life = Volatile.Read(ref _life).Token;
            using var either = CancellationTokenSource.CreateLinkedTokenSource(life, stop);
            try
            {
                await FollowAsync(either.Token);
            }
            catch (OperationCanceledException) when (life.IsCancellationRequested && !stop.IsCancellationRequested)
            {
                history.Note($"the reader was dropped and goes on from {_cursor}");
            }
        }
    }

    public void Dispose() => _life.Dispose();

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        using var client = new RelayClient(relay);
        var options = new ReadOptions { Start = _cursor is null ? ReadStart.Beginning : ReadStart.Cursor, Cursor = _cursor };
        await foreach (var batch in client.ReadBatchesAsync(session, options, cancellationToken))
        {
            foreach (var entry in batch.Entries)
            {
                Take(entry);
            }

            // Only now: a batch that was begun is no batch that was consumed.
            _cursor = batch.Cursor;
        }
    }

    private void Take(in LogEntry entry)
    {
        switch (entry.Kind)
        {
            case LogEntryKind.Data:
                history.Read(entry.Output, entry.Offset, entry.Offset + entry.Data.Length);
                var wrong = LoadBytes.FirstWrong(entry.Output, entry.Offset, entry.Data.Span);
                if (wrong >= 0 || entry.Offset != _next[entry.Output])
                {
                    throw new InvalidOperationException(
                        $"The reader was at {_next[entry.Output]} of {entry.Output} and got {entry.Data.Length} bytes at {entry.Offset}; first wrong byte: {wrong}.");
                }

                _next[entry.Output] += entry.Data.Length;
                Volatile.Write(ref _read, _read + entry.Data.Length);
                break;
            case LogEntryKind.End:
                End = entry;
                break;
            default:
                // A kill takes nothing that was written, and all that was read was written.
                throw new InvalidOperationException($"The reader got a mark, though nothing can be missing: {entry}");
        }
    }
}
