using System.Reflection;
using System.Runtime.CompilerServices;
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
    private static readonly MethodInfo Counting = typeof(HubStreamLimit).GetMethod(nameof(CountAsync), BindingFlags.Instance | BindingFlags.NonPublic)!;

    private int Most => options.Value.MaxStreamsPerConnection;

    public Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
    {
        context.Context.Items[typeof(HubStreamLimit)] = new Running(); // Now: later, calls run side by side.
        return next(context);
    }

    public async ValueTask<object?> InvokeMethodAsync(HubInvocationContext invocationContext, Func<HubInvocationContext, ValueTask<object?>> next)
    {
        var result = await next(invocationContext); // A stream has not begun yet: it does when it is asked for its first item.
        return invocationContext.HubMethod.ReturnType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>)
            ? Counting.MakeGenericMethod(type.GenericTypeArguments).Invoke(this, [result, invocationContext, CancellationToken.None])
            : result;
    }

    private async IAsyncEnumerable<T> CountAsync<T>(
        IAsyncEnumerable<T> stream, HubInvocationContext invocation, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var running = (Running)invocation.Context.Items[typeof(HubStreamLimit)]!;
        try
        {
            if (Interlocked.Increment(ref running.Streams) > Most)
            {
                DrainUploads(invocation);
                throw new HubException(new RelayException(
                    RelayErrorCode.LimitReached, $"A connection may have {Most} streams at a time (Streaming:MaxStreamsPerConnection). End one, or use another connection.").ToWire());
            }

            await foreach (var item in stream.WithCancellation(cancellationToken))
            {
                yield return item;
            }
        }
        finally
        {
            Interlocked.Decrement(ref running.Streams);
        }
    }

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
}
