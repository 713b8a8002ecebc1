using System.Globalization;
using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Text;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Relay.Contracts;
using Relay.Contracts.Protocol;
using Relay.Tests.TestKit;

namespace Relay.Tests.Faults;

/// <summary>
/// A reader that begins at the end of a <see cref="MarkedLog"/> and takes nothing until it is told to; one that is <c>paced</c> takes the batches
/// that it gave credits for, and gives no more.
/// </summary>
internal sealed class StalledReader : IInvocationBinder, IDisposable
{
    public static readonly string[] Kinds = ["paced", "hub", "websocket", "http"];
    private const int Window = 16;
    private static readonly MessagePackHubProtocol Protocol = new();
    private readonly MarkedLog _log;
    private readonly Stream _stream;
    private readonly WebSocket? _socket;
    private readonly PipeReader? _messages;
    private bool _isGreeted;
    private int _owed;
    private uint _crc;

    private StalledReader(MarkedLog log, string kind, Stream stream, WebSocket? socket)
    {
        (_log, Kind, _stream, _socket) = (log, kind, stream, socket);
        (Begin, At, _crc) = (log.Bytes, log.Bytes, log.Crc32C);
        _messages = IsHub ? PipeReader.Create(stream) : null;
    }

    public string Kind { get; }

    /// <summary>Offset of its first byte.</summary>
    public long Begin { get; }

    /// <summary>Offset of the byte that it takes next.</summary>
    public long At { get; private set; }

    private bool IsHub => Kind is "paced" or "hub";

    /// <summary>Asks for everything behind what the log holds now.</summary>
    public static async Task<StalledReader> StartAsync(RelayApi api, MarkedLog log, string kind)
    {
        var from = string.Create(CultureInfo.InvariantCulture, $"from={log.Bytes}");
        if (kind == "http")
        {
            var answer = await api.Http.GetAsync(RelayApi.ReadPath(log.Session, query: $"?follow=true&{from}"), HttpCompletionOption.ResponseHeadersRead);
            return new StalledReader(log, kind, await answer.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(), null);
        }

        var socket = new ClientWebSocket();
        var path = kind == "websocket" ? RelayApi.ReadPath(log.Session, query: $"?format=binary&{from}") : HubRoutes.Logs;
        await socket.ConnectAsync(api.WebSocketUrl(path), api.Http, CancellationToken.None);
        var stream = WebSocketStream.Create(socket, WebSocketMessageType.Binary, TimeSpan.FromSeconds(1));
        var reader = new StalledReader(log, kind, stream, socket);
        if (reader.IsHub)
        {
            await reader.InvokeAsync();
        }

        return reader;
    }

    /// <summary>Only of a paced one: takes the batches that it gave credits for.</summary>
    public Task TakeWindowAsync() => ReadHubAsync(() => _owed == 0);

    /// <summary>Reads on to the end, or until it has so many bytes more; each byte must be the log's next one.</summary>
    public async Task ReadAsync(long bytes = long.MaxValue)
    {
        var until = bytes == long.MaxValue ? bytes : At + bytes;
        if (IsHub)
        {
            await ReadHubAsync(() => At >= until);
            return;
        }

        var buffer = new byte[256 * 1024];
        for (int count; At < until && (count = await _stream.ReadAsync(buffer)) > 0;)
        {
            Take(buffer.AsSpan(0, count));
        }
    }

    /// <summary>Whether it has all that was written.</summary>
    public bool HasAll => (At, _crc) == (_log.Bytes, _log.Crc32C);

    public void Dispose()
    {
        _stream.Dispose();
        _socket?.Dispose();
    }

    public Type GetReturnType(string invocationId) => typeof(object);

    public IReadOnlyList<Type> GetParameterTypes(string methodName) => [typeof(object)];

    public Type GetStreamItemType(string streamId) => typeof(LogBatch);

    /// <summary>Returns once the relay has opened the log for it: the first batch, which may be empty, tells the place that the relay chose.</summary>
    private async Task InvokeAsync()
    {
        await _stream.WriteAsync(Encoding.ASCII.GetBytes("{\"protocol\":\"messagepack\",\"version\":1}\u001e"));
        var request = new ReadRequest { Session = _log.Session, Outputs = [OutputType.Stdout], Start = ReadStart.Now };
        await SendAsync(Kind == "paced"
            ? new StreamInvocationMessage("1", HubRoutes.ReadPaced, [request], ["2"])
            : new StreamInvocationMessage("1", HubRoutes.Read, [request]));
        if (Kind == "paced")
        {
            await CreditAsync(Window);
        }

        (await NextAsync())!.Entries.Should().BeEmpty("nothing is written meanwhile");
    }

    private async Task ReadHubAsync(Func<bool> isEnough)
    {
        while (!isEnough() && await NextAsync() is { } batch)
        {
            foreach (var entry in batch.Entries.Where(entry => entry.Kind != LogEntryKind.End))
            {
                (entry.Kind, entry.Offset).Should().Be((LogEntryKind.Data, At), Kind);
                Take(entry.Data.Span);
            }
        }
    }

    /// <summary>The next batch, or null when the relay ended the stream in good order.</summary>
    private async Task<LogBatch?> NextAsync()
    {
        if (Kind == "paced" && _owed == 0)
        {
            await CreditAsync(Window);
        }

        while (true)
        {
            var result = await _messages!.ReadAsync();
            var rest = result.Buffer;
            _isGreeted = _isGreeted || HandshakeProtocol.TryParseResponseMessage(ref rest, out _);
            HubMessage? message = null;
            while (_isGreeted && Protocol.TryParseMessage(ref rest, this, out message) && message is not (CompletionMessage or StreamItemMessage))
            {
            }

            _messages.AdvanceTo(rest.Start, message is null ? rest.End : rest.Start);
            switch (message)
            {
                case CompletionMessage completion:
                    completion.Error.Should().BeNull();
                    return null;
                case StreamItemMessage { Item: LogBatch batch }:
                    _owed--;
                    return batch;
                default:
                    result.IsCompleted.Should().BeFalse("the stream ends before the connection does");
                    break;
            }
        }
    }

    private Task CreditAsync(int batches)
    {
        _owed += batches;
        return SendAsync(new StreamItemMessage("2", batches));
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var piece = bytes[..(int)Math.Min(bytes.Length, MarkedLog.BytesBetweenMarks - (At % MarkedLog.BytesBetweenMarks))];
            _crc = global::Relay.Contracts.Crc32C.Append(_crc, piece);
            At += piece.Length;
            bytes = bytes[piece.Length..];
            if (At % MarkedLog.BytesBetweenMarks == 0)
            {
                _crc.Should().Be(_log.CrcAt(At) ?? _crc, $"{Kind} at {At}");
            }
        }
    }

    private async Task SendAsync(HubMessage message) => await _stream.WriteAsync(Protocol.GetMessageBytes(message));
}
