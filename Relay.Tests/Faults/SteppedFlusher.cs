using Relay.Server.Storage.Embedded;

namespace Relay.Tests.Faults;

/// <summary>A flusher that syncs when a test says so, on the test's own thread: so the order of all file calls is the same in every run.</summary>
internal sealed class SteppedFlusher : IFlusher
{
    private readonly Lock _lock = new();
    private readonly List<EmbeddedSessionLog> _due = [];
    private TaskCompletionSource _requested = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string? Failure { get; private set; }

    /// <summary>How many syncs have failed.</summary>
    public int Failures { get; private set; }

    public void Request(EmbeddedSessionLog log, bool urgent)
    {
        lock (_lock)
        {
            if (!_due.Contains(log))
            {
                _due.Add(log);
            }

            _requested.TrySetResult();
        }
    }

    public void Failed(EmbeddedSessionLog log, Exception failure)
    {
        Failure = failure.Message;
        Failures++;
    }

    /// <summary>Syncs the logs that have asked for it.</summary>
    public void Step()
    {
        EmbeddedSessionLog[] due;
        lock (_lock)
        {
            due = [.. _due];
            _due.Clear();
            _requested = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        foreach (var log in due)
        {
            if (log.Flush())
            {
                Failure = null;
            }
        }
    }

    /// <summary>Syncs until a wait for durability has ended.</summary>
    /// <exception cref="InvalidOperationException">It never does.</exception>
    public async Task Until(Task durable)
    {
        for (var rounds = 0; !durable.IsCompleted; rounds++)
        {
            if (rounds == 100)
            {
                throw new InvalidOperationException("A wait for durability does not end.");
            }

            Step();
            await Task.WhenAny(durable, _requested.Task).WaitAsync(TimeSpan.FromSeconds(30));
        }

        await durable;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
