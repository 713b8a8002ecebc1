using System.Runtime.ExceptionServices;

namespace Relay.Redaction;

/// <summary>
/// One output on its way through a <see cref="Redactor"/>. What is held and gets no company for a second is decided as if nothing followed, so
/// that no line waits longer. Bytes, the clock and the end come one after the other, under one lock.
/// </summary>
/// <param name="redactor">Masks; nobody else uses it.</param>
/// <param name="deliver">Takes what is ready, never nothing; called under the lock.</param>
/// <param name="onFailure">Told what <paramref name="deliver"/> threw when the clock called it.</param>
/// <param name="time">The clock.</param>
internal sealed class RedactedOutput(Redactor redactor, Func<ReadOnlyMemory<byte>, ValueTask> deliver, Action<Exception> onFailure, TimeProvider time) : IAsyncDisposable
{
    /// <summary>The longest that a byte waits for the next.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private ITimer? _clock;
    private long _lastTaken;
    private bool _isClosed;
    private volatile bool _isMoreOnItsWay;
    private Exception? _failure;

    /// <summary>So many bytes wait for what follows them.</summary>
    public int HeldBytes => redactor.HeldBytes;

    /// <summary>Whether the next bytes are there already and only wait for their turn: that is no silence, and the clock decides nothing.</summary>
    public bool IsMoreOnItsWay
    {
        get => _isMoreOnItsWay;
        set => _isMoreOnItsWay = value;
    }

    /// <summary>
    /// Takes the next bytes; those that are not held are delivered before it returns. Once a delivery has failed nothing is delivered any more,
    /// for there would be a hole before it: this then throws what that did.
    /// </summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="onTaken">Told before the delivery how many are held.</param>
    public async ValueTask TakeAsync(ReadOnlyMemory<byte> bytes, Action<int>? onTaken = null)
    {
        await _gate.WaitAsync(CancellationToken.None);
        try
        {
            if (_failure is not null)
            {
                ExceptionDispatchInfo.Throw(_failure);
            }

            var ready = redactor.Take(bytes);
            onTaken?.Invoke(redactor.HeldBytes);
            await DeliverAsync(ready);
            if (redactor.HeldBytes > 0 && !_isClosed)
            {
                _lastTaken = time.GetTimestamp();
                Wait(Patience);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Delivers what is held: nothing follows, or what follows has nothing to do with it. Nothing is, once a delivery has failed.</summary>
    public async ValueTask EndAsync()
    {
        await _gate.WaitAsync(CancellationToken.None);
        try
        {
            await DeliverAsync(redactor.Decide(isEnd: true));
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Gives up what is held. After this nothing is delivered any more.</summary>
    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync(CancellationToken.None);
        try
        {
            _isClosed = true;
            redactor.Drop();
            if (_clock is { } clock)
            {
                await clock.DisposeAsync();
            }
        }
        finally
        {
            _gate.Release(); // Never disposed: the clock may be waiting for it.
        }
    }

    private void Wait(TimeSpan due)
    {
        _clock ??= time.CreateTimer(_ => _ = DecideAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _clock.Change(due, Timeout.InfiniteTimeSpan);
    }

    private async Task DecideAsync()
    {
        await _gate.WaitAsync(CancellationToken.None);
        try
        {
            if (_isClosed || redactor.HeldBytes == 0)
            {
                return;
            }

            if (IsMoreOnItsWay)
            {
                Wait(Patience);
                return;
            }

            if (Patience - time.GetElapsedTime(_lastTaken) is { Ticks: > 0 } rest)
            {
                Wait(rest); // More came while the clock struck.
                return;
            }

            await DeliverAsync(redactor.Decide(isEnd: false));
        }
        catch (Exception e)
        {
            onFailure(e);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async ValueTask DeliverAsync(ReadOnlyMemory<byte> ready)
    {
        try
        {
            if (!ready.IsEmpty)
            {
                await deliver(ready);
            }
        }
        catch (Exception e)
        {
            _failure = e;
            redactor.Drop();
            throw;
        }
    }
}
