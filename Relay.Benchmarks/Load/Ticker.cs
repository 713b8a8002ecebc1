namespace Relay.Benchmarks.Load;

/// <summary>
/// Ticks each millisecond, in a thread of its own. .NET's timers go by the system's coarse clock: where the kernel counts to 250 a second they tick every
/// 4 ms at best, lines would come four at a time, and a server would look cheaper than it is. The wait for an event goes by the fine clock.
/// </summary>
internal sealed class Ticker : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(1);
    private readonly SemaphoreSlim _tick = new(0);
    private readonly ManualResetEvent _stop = new(initialState: false);
    private readonly Thread _thread;

    public Ticker()
    {
        _thread = new Thread(Tick) { IsBackground = true, Name = "ticker" };
        _thread.Start();
    }

    /// <summary>Waits for the next tick; at once if there was one since the last.</summary>
    public Task NextAsync() => _tick.WaitAsync(CancellationToken.None);

    public void Dispose()
    {
        _stop.Set();
        _thread.Join();
        _stop.Dispose();
        _tick.Dispose();
    }

    private void Tick()
    {
        while (!_stop.WaitOne(Period))
        {
            if (_tick.CurrentCount == 0)
            {
                _tick.Release();
            }
        }
    }
}
