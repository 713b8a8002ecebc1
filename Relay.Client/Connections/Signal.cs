namespace Relay.Client.Connections;

/// <summary>
/// A condition variable for asynchronous waiters. Not thread-safe: its owner asks for <see cref="WaitAsync"/> and calls <see cref="Pulse"/>
/// under the lock that guards the condition, and awaits outside of it; so no pulse is missed.
/// </summary>
internal sealed class Signal
{
    private TaskCompletionSource? _waiters;

    /// <summary>Ends with the next pulse.</summary>
    public Task WaitAsync() => (_waiters ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Wakes all who wait now.</summary>
    public void Pulse()
    {
        _waiters?.TrySetResult();
        _waiters = null;
    }
}
