namespace Relay.Server.Storage;

/// <summary>
/// Wakes any number of waiters without a queue for each. A waiter reads <see cref="Version"/>, looks at the state, and waits for a
/// version other than the one it read; so a change between the look and the wait is never missed.
/// </summary>
internal sealed class Pulse
{
    private long _version;
    private TaskCompletionSource? _next;

    public long Version => Volatile.Read(ref _version);

    public void Fire()
    {
        Interlocked.Increment(ref _version);
        Interlocked.Exchange(ref _next, null)?.TrySetResult();
    }

    /// <summary>Completes once the version differs from <paramref name="seen"/>.</summary>
    public Task WaitAsync(long seen)
    {
        var next = Volatile.Read(ref _next);
        if (next is null)
        {
            var fresh = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            next = Interlocked.CompareExchange(ref _next, fresh, null) ?? fresh;
        }

        // Only after the source is in place is it safe to look: Fire counts first and takes the source second.
        return Version != seen ? Task.CompletedTask : next.Task;
    }
}
