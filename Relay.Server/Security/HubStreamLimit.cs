using System.Reflection;
using System.Threading.Channels;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.Options;
using Relay.Contracts;
using Relay.Server.Streaming;

namespace Relay.Server.Security;

/// <summary>
/// Lets a hub connection have so many streams at a time, reads and writes. A stream counts from its first step to its disposal, so however it ends, its
/// place is free again.
/// </summary>
internal sealed class HubStreamLimit(IOptions<StreamingOptions> options) : IHubFilter
{
    private static readonly MethodInfo Counting = typeof(HubStreamLimit).GetMethod(nameof(Count), BindingFlags.Instance | BindingFlags.NonPublic)!;

    private int Most => options.Value.MaxStreamsPerConnection;

    public Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
    {
        // Now: later, calls run side by side. And not among the Items, whose dictionary for many threads costs 600 bytes.
        context.Context.Features.Set(new Running());
        return next(context);
    }

    public async ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        var result = await next(invocationContext); // A stream has not begun yet: it does when it is asked for its first item.
        return invocationContext.HubMethod.ReturnType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>)
            ? Counting.MakeGenericMethod(type.GenericTypeArguments).Invoke(this, [result, invocationContext])
            : result;
    }

    private CountedStream<T> Count<T>(IAsyncEnumerable<T> stream, HubInvocationContext invocation) => new(this, stream, invocation);

    /// <summary>What the client goes on to send would fill the call's buffer, and then hold up the other streams of the connection.</summary>
    private static void DrainUploads(HubInvocationContext invocation)
    {
        foreach (var argument in invocation.HubMethodArguments)
        {
            _ = argument switch
            {
                ChannelReader<WriteItem> items => WriterUpload.DrainAsync(items),
                ChannelReader<int> credits => WriterUpload.DrainAsync(credits),
                _ => Task.CompletedTask,
            };
        }
    }

    private sealed class Running
    {
        public int Streams;
    }

    /// <summary>A class and no iterator, which would hold three times the memory for as long as its reader waits.</summary>
    private sealed class CountedStream<T>(HubStreamLimit limit, IAsyncEnumerable<T> stream, HubInvocationContext call) : IAsyncEnumerable<T>, IAsyncEnumerator<T>
    {
        private readonly Running _running = call.Context.Features.Get<Running>()!;
        private CancellationToken _cancellationToken;
        private HubInvocationContext? _notBegun = call;
        private IAsyncEnumerator<T>? _items;

        public T Current => _items!.Current;

        public IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
        {
            _cancellationToken = cancellationToken;
            return this;
        }

        public ValueTask<bool> MoveNextAsync()
        {
            if (_notBegun is { } call)
            {
                _notBegun = null;
                Begin(call);
            }

            return _items!.MoveNextAsync();
        }

        public async ValueTask DisposeAsync()
        {
            try
            {
                if (_items is not null)
                {
                    await _items.DisposeAsync();
                }
            }
            finally
            {
                if (_notBegun is null)
                {
                    Interlocked.Decrement(ref _running.Streams);
                }
            }
        }

        private void Begin(HubInvocationContext call)
        {
            if (Interlocked.Increment(ref _running.Streams) > limit.Most)
            {
                DrainUploads(call);
                throw new HubException(new RelayException(
                    RelayErrorCode.LimitReached, $"A connection may have {limit.Most} streams at a time (Streaming:MaxStreamsPerConnection). End one, or use another connection.").ToWire());
            }

            _items = stream.GetAsyncEnumerator(_cancellationToken);
        }
    }
}
