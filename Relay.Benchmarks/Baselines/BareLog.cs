namespace Relay.Benchmarks.Baselines;

/// <summary>The messages of one session as a linked list: readers hold their place in it, and what all have passed is garbage.</summary>
internal sealed class BareLog
{
    /// <summary>The newest message; its successors are still to come.</summary>
    public BareMessage Last { get; private set; } = new([]);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        var message = new BareMessage(bytes.ToArray());
        var last = Last;
        Last = message;
        last.Follow(message);
    }
}

/// <summary>One message, and the way to the next.</summary>
internal sealed class BareMessage(byte[] bytes)
{
    private object? _next; // The next message, or the promise of it.

    public byte[] Bytes { get; } = bytes;

    public BareMessage? Next => Volatile.Read(ref _next) as BareMessage;

    public void Follow(BareMessage next) => (Interlocked.Exchange(ref _next, next) as TaskCompletionSource<BareMessage>)?.SetResult(next);

    public ValueTask<BareMessage> NextAsync(CancellationToken cancellationToken)
    {
        if (Next is { } there)
        {
            return ValueTask.FromResult(there);
        }

        var promise = new TaskCompletionSource<BareMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        return Interlocked.CompareExchange(ref _next, promise, null) switch
        {
            null => new ValueTask<BareMessage>(promise.Task.WaitAsync(cancellationToken)),
            BareMessage next => ValueTask.FromResult(next),
            var other => new ValueTask<BareMessage>(((TaskCompletionSource<BareMessage>)other).Task.WaitAsync(cancellationToken)),
        };
    }
}
