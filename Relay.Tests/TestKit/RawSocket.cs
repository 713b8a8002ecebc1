using System.Net;
using System.Net.WebSockets;
using System.Text;
using FluentAssertions;

namespace Relay.Tests.TestKit;

internal sealed record SocketMessage(WebSocketMessageType Type, byte[] Bytes)
{
    /// <summary>Throws if the bytes are not UTF-8.</summary>
    public string Text => new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Bytes);
}

/// <summary>A plain WebSocket with deadlines.</summary>
internal sealed class RawSocket : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer = new byte[64 * 1024];

    private RawSocket() => _socket.Options.CollectHttpResponseDetails = true;

    public WebSocketCloseStatus? CloseStatus => _socket.CloseStatus;

    public string? CloseReason => _socket.CloseStatusDescription;

    /// <exception cref="WebSocketException">The handshake was refused; the status code stands in the data under <c>Status</c>.</exception>
    public static async Task<RawSocket> Connect(Uri url, HttpMessageInvoker? through = null)
    {
        var socket = new RawSocket();
        try
        {
            socket._socket.Options.Proxy = null;
            await Eventually.Done(socket._socket.ConnectAsync(url, through, CancellationToken.None), $"the handshake on {url} is answered");
            return socket;
        }
        catch (WebSocketException exception)
        {
            exception.Data["Status"] = socket._socket.HttpStatusCode;
            await socket.DisposeAsync();
            throw;
        }
    }

    /// <summary>The status of a handshake: 101, or why not.</summary>
    public static async Task<HttpStatusCode> Try(Uri url)
    {
        try
        {
            await using var socket = await Connect(url);
            await socket.Close();
            return HttpStatusCode.SwitchingProtocols;
        }
        catch (WebSocketException exception) when (exception.Data["Status"] is HttpStatusCode status && status >= HttpStatusCode.Continue)
        {
            return status;
        }
    }

    public Task Send(string text) => Send(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text);

    public Task Send(ReadOnlyMemory<byte> bytes, WebSocketMessageType type = WebSocketMessageType.Binary) =>
        Eventually.Done(_socket.SendAsync(bytes, type, endOfMessage: true, CancellationToken.None).AsTask(), "a message is taken", TimeSpan.FromSeconds(60));

    /// <summary>The next message, or null at the close.</summary>
    /// <exception cref="WebSocketException">The connection broke without a close.</exception>
    public async Task<SocketMessage?> Receive(TimeSpan? deadline = null)
    {
        var bytes = new MemoryStream();
        while (true)
        {
            var receive = _socket.ReceiveAsync(_buffer.AsMemory(), CancellationToken.None).AsTask();
            var part = await Eventually.Done(receive, "a message or the close arrives", deadline);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            bytes.Write(_buffer, 0, part.Count);
            if (part.EndOfMessage)
            {
                return new SocketMessage(part.MessageType, bytes.ToArray());
            }
        }
    }

    /// <summary>Messages until together they hold <paramref name="count"/> bytes; more than that is a failure.</summary>
    public async Task<IReadOnlyList<SocketMessage>> ReceiveBytes(long count, TimeSpan? deadline = null)
    {
        var messages = new List<SocketMessage>();
        long have = 0;
        while (have < count)
        {
            var message = await Receive(deadline);
            message.Should().NotBeNull($"{count} bytes were written and {have} came before the close {(int?)CloseStatus} '{CloseReason}'");
            messages.Add(message!);
            have += message!.Bytes.Length;
        }

        have.Should().Be(count);
        return messages;
    }

    public async Task<IReadOnlyList<SocketMessage>> ReceiveToClose(TimeSpan? deadline = null)
    {
        var messages = new List<SocketMessage>();
        while (await Receive(deadline) is { } message)
        {
            messages.Add(message);
        }

        return messages;
    }

    /// <summary>Waits for the other side to end the connection, with or without a close.</summary>
    public async Task WaitForEnd(TimeSpan? deadline = null)
    {
        try
        {
            await ReceiveToClose(deadline);
        }
        catch (WebSocketException)
        {
            // An abrupt end is an end.
        }
    }

    /// <summary>A close in good order.</summary>
    public async Task Close()
    {
        var close = _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        await Eventually.Done(close, "the close is answered");
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
