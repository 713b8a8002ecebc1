using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Relay.Contracts;

namespace Relay.Tests.TestKit;

/// <summary>
/// The hub over SignalR's JSON protocol, written by hand from <c>docs/protocol.md</c> §6 and the published SignalR specification: a second opinion
/// that shares no code with the client library. Each record ends with 0x1E.
/// </summary>
internal sealed class JsonHub : IAsyncDisposable
{
    private const char RecordEnd = '\u001e';
    private const int StreamItem = 2;
    private const int Completion = 3;
    private const int StreamInvocation = 4;
    private const int Close = 7;

    private readonly RawSocket _socket;
    private readonly ConcurrentDictionary<string, Channel<JsonElement>> _streams = new(StringComparer.Ordinal);
    private Task _loop = Task.CompletedTask;
    private int _ids;

    private JsonHub(RawSocket socket) => _socket = socket;

    public static async Task<JsonHub> Connect(RelayApi relay, string query = "")
    {
        var socket = await relay.Connect(HubRoutes.Logs + query);
        await socket.Send("{\"protocol\":\"json\",\"version\":1}\u001e");
        var answer = await socket.Receive();
        if (answer is null || !answer.Text.StartsWith("{}", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"The hub refused the handshake: {answer?.Text ?? "closed"}");
        }

        var hub = new JsonHub(socket);
        hub._loop = hub.Loop(answer.Text[(answer.Text.IndexOf(RecordEnd, StringComparison.Ordinal) + 1)..]);
        return hub;
    }

    /// <summary>Invokes a method that returns a stream. With <paramref name="upload"/>, its items can be sent by <see cref="HubCall.Upload"/>.</summary>
    public async Task<HubCall> Stream(string target, object argument, bool upload = false)
    {
        var id = NextId();
        var streamId = upload ? NextId() : null;
        var items = Channel.CreateUnbounded<JsonElement>();
        _streams[id] = items;
        await Send(new { type = StreamInvocation, invocationId = id, target, arguments = new[] { argument }, streamIds = upload ? new[] { streamId } : [] });
        return new HubCall(this, items.Reader, streamId);
    }

    public Task Send(object message) => _socket.Send(JsonSerializer.Serialize(message) + RecordEnd);

    public async ValueTask DisposeAsync()
    {
        await _socket.DisposeAsync();
        await Eventually.Done(_loop, "the hub's receive loop ends");
    }

    private string NextId() => Interlocked.Increment(ref _ids).ToString();

    private async Task Loop(string rest)
    {
        Exception? failure = null;
        try
        {
            var pending = new StringBuilder(rest);
            while (true)
            {
                var text = pending.ToString();
                var end = text.LastIndexOf(RecordEnd);
                foreach (var record in text[..(end + 1)].Split(RecordEnd, StringSplitOptions.RemoveEmptyEntries))
                {
                    Take(JsonDocument.Parse(record).RootElement);
                }

                pending.Clear().Append(text[(end + 1)..]);
                if (await _socket.Receive(TimeSpan.FromMinutes(5)) is not { } message)
                {
                    break;
                }

                pending.Append(message.Text);
            }
        }
        catch (Exception exception) when (exception is WebSocketException or ObjectDisposedException or OperationCanceledException or TimeoutException)
        {
            failure = exception;
        }

        foreach (var stream in _streams.Values)
        {
            stream.Writer.TryComplete(new IOException("The hub connection ended.", failure));
        }
    }

    private void Take(JsonElement message)
    {
        var type = message.GetProperty("type").GetInt32();
        if (type == Close)
        {
            return;
        }

        if (type is not (StreamItem or Completion) || !_streams.TryGetValue(message.GetProperty("invocationId").GetString()!, out var stream))
        {
            return;
        }

        if (type == StreamItem)
        {
            stream.Writer.TryWrite(message.GetProperty("item"));
        }
        else
        {
            stream.Writer.TryComplete(message.TryGetProperty("error", out var error) ? RelayException.FromWire(error.GetString()!) : null);
        }
    }
}

/// <summary>One running stream invocation of a <see cref="JsonHub"/>.</summary>
internal sealed class HubCall(JsonHub hub, ChannelReader<JsonElement> items, string? streamId)
{
    /// <summary>The next item, or null when the stream completed.</summary>
    /// <exception cref="RelayException">The invocation failed with a code of the contract.</exception>
    /// <exception cref="IOException">The connection ended.</exception>
    public async Task<JsonElement?> Next(TimeSpan? deadline = null)
    {
        var more = items.WaitToReadAsync().AsTask();
        return await Eventually.Done(more, "the hub sends an item or the end", deadline) && items.TryRead(out var item) ? item : null;
    }

    public Task Upload(object item) => hub.Send(new { type = 2, invocationId = streamId, item });

    public Task EndUpload() => hub.Send(new { type = 3, invocationId = streamId });

    /// <summary>The next entry of kind data or end of a read, whichever batch it is in.</summary>
    public async IAsyncEnumerable<JsonElement> Entries()
    {
        while (await Next() is { } batch)
        {
            foreach (var entry in batch.GetProperty("entries").EnumerateArray())
            {
                yield return entry;
            }
        }
    }
}
