using System.Diagnostics.CodeAnalysis;
using Relay.Client.Connections;
using Relay.Contracts;

namespace Relay.Client.Writing;

/// <summary>
/// One run between its two sides: the process that writes, and the connection of the moment that uploads. All state is under one lock;
/// nothing here does I/O.
/// </summary>
internal sealed partial class WriterRun
{
    private readonly Lock _gate = new();
    private readonly ReplayBuffer _buffer;
    private readonly IReadOnlyList<OutputType> _outputs;
    private readonly Dictionary<OutputType, WriterProgress> _progress;
    private readonly Signal _uploadable = new();
    private readonly Signal _progressed = new();
    private RunGrant? _grant;
    private WriteItem? _completion;
    private bool _completionSent;
    private bool _closing;
    private CompletionReport? _report;
    private RelayException? _fault;

    public WriterRun(long capacityBytes, IReadOnlyList<OutputType> outputs)
    {
        _outputs = outputs;
        _buffer = new ReplayBuffer(capacityBytes, outputs);
        _progress = outputs.ToDictionary(output => output, _ => default(WriterProgress));
    }

    public RelayException? Fault
    {
        get { lock (_gate) { return _fault; } }
    }

    /// <summary>Whether no further attempt is needed: completed, or closed with everything sent.</summary>
    public bool IsOver
    {
        get { lock (_gate) { return _report is not null || (_closing && _buffer.AllSent); } }
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
            return _progress.GetValueOrDefault(output) with { Accepted = _buffer.Takes(output) ? _buffer.Accepted(output) : 0 };
        }
    }

    /// <summary>Takes all bytes, piece by piece, and waits while there is no room.</summary>
    public async ValueTask AppendAsync(OutputType output, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (!_buffer.Takes(output))
        {
            throw new ArgumentException($"This writer does not lease the output '{output}'.", nameof(output));
        }

        while (!bytes.IsEmpty)
        {
            var piece = bytes[..Math.Min(bytes.Length, ReplayBuffer.MaxItemBytes)];
            if (!TryAppend(output, piece.Span, out var room))
            {
                await room.WaitAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            bytes = bytes[piece.Length..];
        }
    }

    /// <summary>Waits until everything taken so far is durable.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        Dictionary<OutputType, long> targets;
        lock (_gate)
        {
            targets = _outputs.ToDictionary(output => output, _buffer.Accepted);
        }

        await UntilAsync(() => targets.All(target => _progress[target.Key].Durable >= target.Value), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Appoints the last item and waits for the relay's answer to it.</summary>
    public async Task<CompletionReport> CompleteAsync(int? exitCode, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _completion ??= new WriteItem { Kind = WriteItemKind.Complete, ExitCode = exitCode, Totals = [.. _outputs.Select(_buffer.Total)] };
            _uploadable.Pulse();
        }

        await UntilAsync(() => _report is not null, cancellationToken).ConfigureAwait(false);
        return _report!;
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
            _progressed.Pulse();
            _uploadable.Pulse();
        }
    }

    private bool TryAppend(OutputType output, ReadOnlySpan<byte> piece, [NotNullWhen(false)] out Task? room)
    {
        lock (_gate)
        {
            ThrowIfFaulted();
            if (_completion is not null || _closing)
            {
                throw new InvalidOperationException("The writer is completed or disposed: nothing more can be written.");
            }

            if (!_buffer.TryAppend(output, piece))
            {
                room = _progressed.WaitAsync();
                return false;
            }

            room = null;
            _uploadable.Pulse();
            return true;
        }
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
