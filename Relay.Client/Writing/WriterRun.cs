using System.Diagnostics.CodeAnalysis;
using Relay.Client.Connections;
using Relay.Contracts;

namespace Relay.Client.Writing;

/// <summary>
/// One run between its two sides: the process that writes, and the connection of the moment that uploads. All state is under one lock,
/// the store's as well: with a spool that is a short read or write of a file, as a rule in the system's cache.
/// </summary>
internal sealed partial class WriterRun
{
    // Room may come without a sign of the relay: another process freed the disk.
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    // A relay that made nothing durable for so long holds nobody back who would rather lose something.
    private static readonly TimeSpan StallAfter = TimeSpan.FromSeconds(3);

    private readonly Lock _gate = new();
    private readonly IReplayStore _store;
    private readonly WhenFull _whenFull;
    private readonly TimeProvider _time;
    private readonly IReadOnlyList<OutputType> _outputs;
    private readonly Dictionary<OutputType, WriterProgress> _progress;
    private readonly Signal _uploadable = new();
    private readonly Signal _progressed = new();
    private RunGrant? _grant;
    private bool _wasGranted;
    private bool _completionSent;
    private long _lastTaken;
    private bool _closing;
    private CompletionReport? _report;
    private RelayException? _fault;

    public WriterRun(IReplayStore store, WhenFull whenFull, TimeProvider time)
    {
        (_store, _whenFull, _time) = (store, whenFull, time);
        _lastTaken = time.GetTimestamp();
        _outputs = [.. OutputTypes.All.Where(store.Takes)];
        _progress = _outputs.ToDictionary(output => output, _ => default(WriterProgress));
    }

    public RelayException? Fault
    {
        get { lock (_gate) { return _fault; } }
    }

    /// <summary>An earlier process began the run, and may have left its outputs open: only a grant, and an end in good order, closes them.</summary>
    public bool IsTakenUp { get; init; }

    /// <summary>Whether bytes are taken, for another session, when the relay wants none of them any more.</summary>
    public bool TakesWhenRefused { get; init; }

    /// <summary>Whether no further attempt is needed: completed, or closed with everything sent.</summary>
    public bool IsOver
    {
        get { lock (_gate) { return _report is not null || (_closing && AllSent); } }
    }

    /// <summary>What a later process would have to know of the run.</summary>
    public RunFacts Facts
    {
        get { lock (_gate) { return _store.Facts; } }
    }

    /// <summary>Whether an upload is under way.</summary>
    public bool IsGranted
    {
        get { lock (_gate) { return _grant is not null; } }
    }

    public WriterProgress Progress(OutputType output)
    {
        lock (_gate)
        {
            return _progress.GetValueOrDefault(output) with { Accepted = _store.Takes(output) ? _store.Accepted(output) : 0 };
        }
    }

    public ReadOnlyMemory<byte> Checkpoint(OutputType output)
    {
        lock (_gate)
        {
            return _store.Takes(output) ? _store.Checkpoint(output) : default;
        }
    }

    /// <summary>Changes what a later process would have to know, and stores it.</summary>
    public RunFacts Note(Func<RunFacts, RunFacts> change)
    {
        lock (_gate)
        {
            return _store.Facts = change(_store.Facts);
        }
    }

    /// <summary>Takes all bytes, piece by piece; while there is no room it waits, or makes some.</summary>
    public async ValueTask AppendAsync(
        OutputType output, ReadOnlyMemory<byte> bytes, ReadOnlyMemory<byte> checkpoint, CancellationToken cancellationToken)
    {
        if (!_store.Takes(output))
        {
            throw new ArgumentException($"This writer does not lease the output '{output}'.", nameof(output));
        }

        cancellationToken.ThrowIfCancellationRequested();
        while (!bytes.IsEmpty)
        {
            var piece = bytes[..Math.Min(bytes.Length, _store.MostAtOnce)];
            // The checkpoint says that all of it was taken, so it goes with the last piece.
            var note = piece.Length == bytes.Length ? checkpoint : default;
            if (!TryAppend(output, piece.Span, note.Span, out var room))
            {
                await Task.WhenAny(room, Task.Delay(LookAgain, _time, cancellationToken)).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                continue;
            }

            bytes = bytes[piece.Length..];
        }
    }

    /// <summary>Waits until everything taken so far is durable; with a run that was taken up, also until the relay knows that it is back.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        Dictionary<OutputType, long> targets;
        lock (_gate)
        {
            targets = _outputs.ToDictionary(output => output, _store.Accepted);
        }

        await UntilAsync(() => IsKnown && targets.All(target => _progress[target.Key].Durable >= target.Value), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Appoints the last item and waits for the relay's answer to it.</summary>
    public async Task<CompletionReport> CompleteAsync(int? exitCode, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_store.Facts.IsCompleting)
            {
                _store.Facts = _store.Facts with { IsCompleting = true, ExitCode = exitCode };
            }

            _uploadable.Pulse();
        }

        await UntilAsync(() => _report is not null, cancellationToken).ConfigureAwait(false);
        return _report!;
    }

    /// <summary>Writing waits no longer.</summary>
    public void StopWaiting()
    {
        lock (_gate)
        {
            _store.IsUnlimited = true;
            _progressed.Pulse();
        }
    }

    /// <summary>Nothing more will be written: the upload ends once everything is sent.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closing = true;
            _uploadable.Pulse();
        }
    }

    public void Fail(RelayException fault)
    {
        lock (_gate)
        {
            _fault ??= fault;
            _grant = null;
            if (_report is null && IsForGood(fault.Code))
            {
                _store.Facts = _store.Facts with { Refusal = fault.Code };
            }

            _progressed.Pulse();
            _uploadable.Pulse();
        }
    }

    /// <summary>Nothing more happens: gives back what the store holds, and the store itself if it owes nothing to anybody.</summary>
    /// <param name="keepEmpty">Keep a store that holds nothing but its checkpoints.</param>
    /// <returns>Whether bytes, or the report of the end, are left in a store that outlives the process.</returns>
    public bool End(bool keepEmpty)
    {
        lock (_gate)
        {
            var isWhole = _outputs.All(output => _progress[output].Durable >= _store.Accepted(output));
            var isDrained = isWhole && IsKnown && !_store.Facts.IsCompleting && _store.Facts.Refusal is null;
            // An end that the relay refused for good is owed to nobody; bytes may still go elsewhere.
            var isOwed = _report is null && !isDrained && !(isWhole && _store.Facts.Refusal is not null);
            if (!isOwed && !(isDrained && keepEmpty))
            {
                _store.Discard();
            }

            _store.Dispose();
            return isOwed && _store.IsPersistent;
        }
    }

    /// <summary>Whether the relay takes what it is sent, or has had no time yet: then there will be room soon.</summary>
    private bool IsTaking => _time.GetElapsedTime(_lastTaken) < StallAfter;

    /// <summary>Whether the relay has nothing of this run that it would wait for.</summary>
    private bool IsKnown => _wasGranted || !IsTakenUp;

    private bool AllSent => _store.AllSent && _grant is not { IsHolding: true };

    private bool TryAppend(OutputType output, ReadOnlySpan<byte> piece, ReadOnlySpan<byte> checkpoint, [NotNullWhen(false)] out Task? room)
    {
        lock (_gate)
        {
            room = null;
            if (!TakesWhenRefused)
            {
                ThrowIfFaulted();
            }

            if (_store.Facts.IsCompleting || _closing)
            {
                throw new InvalidOperationException("The writer is completed or disposed: nothing more can be written.");
            }

            while (!_store.TryAppend(output, piece, checkpoint))
            {
                if ((_whenFull == WhenFull.Block || IsTaking) && !_store.IsUnlimited && _fault is null)
                {
                    room = _progressed.WaitAsync();
                    return false;
                }

                // Who would rather wait than lose something keeps, when waiting has no end, what he has.
                if ((_fault is not null && _whenFull == WhenFull.Block) || !TryDropOldest())
                {
                    _store.Skip(output, piece);
                    CountDropped(output, piece.Length);
                    break;
                }
            }

            _uploadable.Pulse();
            return true;
        }
    }

    /// <summary>Whether no later attempt, with another token or by another process, can change the answer.</summary>
    private static bool IsForGood(RelayErrorCode code) => code is
        RelayErrorCode.SessionCompleted or RelayErrorCode.SessionDeleted or RelayErrorCode.SessionExpired or RelayErrorCode.SessionReplaced
        or RelayErrorCode.SessionNotFound or RelayErrorCode.Fenced;

    private bool TryDropOldest()
    {
        var dropped = _store.DropOldest();
        foreach (var (output, bytes) in dropped ?? [])
        {
            CountDropped(output, bytes);
        }

        return dropped is not null;
    }

    private void CountDropped(OutputType output, long bytes)
    {
        var before = _progress[output];
        _progress[output] = before with { Dropped = before.Dropped + bytes };
    }

    private async Task UntilAsync(Func<bool> reached, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (reached())
                {
                    return;
                }

                ThrowIfFaulted();
                changed = _progressed.WaitAsync();
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void ThrowIfFaulted()
    {
        if (_fault is not null)
        {
            throw RelayException.Create(_fault.Code, _fault.Message, _fault);
        }
    }
}
