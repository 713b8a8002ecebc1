using System.Buffers;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Relay.Contracts;
using Relay.Contracts.Protocol;

namespace Relay.Tests.Faults;

/// <summary>The relay's side of one hub connection, with no manners.</summary>
internal sealed class LyingHub(WebSocket socket, CancellationToken gone) : IInvocationBinder
{
    private static readonly MessagePackHubProtocol Protocol = new();

    private readonly ArrayBufferWriter<byte> _received = new();

    public Task SendAsync(ReadOnlyMemory<byte> bytes) => socket.SendAsync(bytes, WebSocketMessageType.Binary, endOfMessage: true, gone).AsTask();

    public Task SendAsync(HubMessage message) => SendAsync(BytesOf(message));

    /// <summary>Sends the same bytes again and again until the other side is gone, or it was sent so much.</summary>
    public async Task FloodAsync(ReadOnlyMemory<byte> bytes, long most)
    {
        for (var sent = 0L; sent < most; sent += bytes.Length)
        {
            await SendAsync(bytes);
        }
    }

    /// <summary>Shakes hands, as a hub does.</summary>
    public async Task GreetAsync()
    {
        await ReceiveAsync();
        await SendAsync(Encoding.ASCII.GetBytes("{}\u001e"));
        _received.ResetWrittenCount();
    }

    /// <summary>Waits for an invocation of a method; others are answered as done.</summary>
    public async Task<HubMethodInvocationMessage> InvokedAsync(string target)
    {
        while (true)
        {
            if (await NextAsync() is not HubMethodInvocationMessage invocation)
            {
                continue;
            }

            if (invocation.Target == target)
            {
                return invocation;
            }

            await SendAsync(CompletionMessage.Empty(invocation.InvocationId!));
        }
    }

    /// <summary>Waits for the next item of an upload.</summary>
    public async Task<object?> NextItemAsync()
    {
        while (true)
        {
            if (await NextAsync() is StreamItemMessage item)
            {
                return item.Item;
            }
        }
    }

    /// <summary>Takes whatever comes until the other side is gone.</summary>
    public async Task SwallowAsync()
    {
        var buffer = new byte[64 * 1024];
        while ((await socket.ReceiveAsync(buffer.AsMemory(), gone)).MessageType != WebSocketMessageType.Close)
        {
        }
    }

    public static byte[] BytesOf(HubMessage message) => Protocol.GetMessageBytes(message).ToArray();

    public Type GetReturnType(string invocationId) => typeof(object);

    public IReadOnlyList<Type> GetParameterTypes(string methodName) => [typeof(object)];

    public Type GetStreamItemType(string streamId) => typeof(object);

    private async Task<HubMessage> NextAsync()
    {
        while (true)
        {
            var rest = new ReadOnlySequence<byte>(_received.WrittenMemory);
            if (Protocol.TryParseMessage(ref rest, this, out var message))
            {
                var left = rest.ToArray();
                _received.ResetWrittenCount();
                _received.Write(left);
                return message;
            }

            await ReceiveAsync();
        }
    }

    private async Task ReceiveAsync()
    {
        var part = await socket.ReceiveAsync(_received.GetMemory(64 * 1024), gone);
        if (part.MessageType == WebSocketMessageType.Close)
        {
            throw new EndOfStreamException();
        }

        _received.Advance(part.Count);
    }
}
