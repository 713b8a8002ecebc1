using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.SignalR;
using Relay.Contracts;

namespace Relay.Tests.Faults;

/// <summary>What is under way in a relay of this process: hub methods, streams to their last item included, requests and connections.</summary>
internal sealed class RunningCalls : IHubFilter, IDisposable
{
    private static readonly string[] Counters =
        ["kestrel.active_connections", "kestrel.upgraded_connections", "http.server.active_requests", "signalr.server.active_connections"];

    private readonly MeterListener _meters = new();
    private readonly Dictionary<string, long> _counts = Counters.ToDictionary(counter => counter, _ => 0L, StringComparer.Ordinal);
    private long _methods;

    public RunningCalls()
    {
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (Counters.Contains(instrument.Name))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meters.SetMeasurementEventCallback<long>((instrument, change, _, _) =>
        {
            lock (_counts)
            {
                _counts[instrument.Name] += change;
            }
        });
        _meters.Start();
    }

    public long Methods => Interlocked.Read(ref _methods);

    public long Count(string counter)
    {
        lock (_counts)
        {
            return _counts[counter];
        }
    }

    public override string ToString()
    {
        lock (_counts)
        {
            return $"{Methods} hub methods, {string.Join(", ", _counts.Select(count => $"{count.Value} {count.Key}"))}";
        }
    }

    public async ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        Interlocked.Increment(ref _methods);
        try
        {
            return await next(invocationContext) switch
            {
                IAsyncEnumerable<WriteAck> acks => Counted(acks),
                IAsyncEnumerable<LogBatch> batches => Counted(batches),
                var result => result,
            };
        }
        finally
        {
            Interlocked.Decrement(ref _methods);
        }
    }

    public void Dispose() => _meters.Dispose();

    private async IAsyncEnumerable<T> Counted<T>(IAsyncEnumerable<T> items, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _methods);
        try
        {
            await foreach (var item in items.WithCancellation(cancellationToken))
            {
                yield return item;
            }
        }
        finally
        {
            Interlocked.Decrement(ref _methods);
        }
    }
}
