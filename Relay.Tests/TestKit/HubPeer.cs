using System.Threading.Channels;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR.Client;
using Relay.Client;
using Relay.Client.Connections;
using Relay.Contracts;

namespace Relay.Tests.TestKit;

/// <summary>A hub connection that does just what the test says: no retry, no window, no manners.</summary>
internal sealed class HubPeer : IAsyncDisposable
{
    private readonly HubLink _link;

    private HubPeer(HubLink link) => _link = link;

    public HubConnection Connection => _link.Connection;

    public static Task<HubPeer> ConnectAsync(RelayHost relay) => ConnectAsync(relay.BaseAddress);

    public static Task<HubPeer> ConnectAsync(Uri relay, string? token = null) => ConnectAsync(new RelayClientOptions { Url = relay, Token = token });

    public static async Task<HubPeer> ConnectAsync(RelayClientOptions options) => new(await new HubDialer(options).DialAsync(CancellationToken.None));

    /// <summary>Begins a write and waits for its grant.</summary>
    public async Task<HubUpload> WriteAsync(WriteRequest request)
    {
        var items = Channel.CreateUnbounded<WriteItem>();
        var stop = new CancellationTokenSource();
        var acks = Connection.StreamAsync<WriteAck>(HubRoutes.Write, request, items.Reader, stop.Token).GetAsyncEnumerator(stop.Token);
        var upload = new HubUpload(items.Writer, acks, stop);
        await upload.GrantedAsync();
        return upload;
    }

    /// <summary>Reads to the end of the stream.</summary>
    public async Task<List<LogEntry>> ReadAsync(ReadRequest request)
    {
        var entries = new List<LogEntry>();
        await Eventually.Done(ReadAllAsync(), $"the read of {request.Session} ends");
        return entries;

        async Task ReadAllAsync()
        {
            await foreach (var batch in Connection.StreamAsync<LogBatch>(HubRoutes.Read, request))
            {
                entries.AddRange(batch.Entries);
            }
        }
    }

    public ValueTask DisposeAsync() => _link.DisposeAsync();
}

/// <summary>A write under way.</summary>
internal sealed class HubUpload(ChannelWriter<WriteItem> items, IAsyncEnumerator<WriteAck> acks, CancellationTokenSource stop) : IDisposable
{
    /// <summary>The first ack.</summary>
    public WriteAck Grant { get; private set; } = new();

    /// <summary>The last ack, at first the grant.</summary>
    public WriteAck Ack { get; private set; } = new();

    public void Send(OutputType output, long offset, ReadOnlySpan<byte> bytes) =>
        items.TryWrite(new WriteItem { Kind = WriteItemKind.Data, Output = output, Offset = offset, Data = bytes.ToArray() });

    public void Send(WriteItem item) => items.TryWrite(item);

    /// <summary>Ends the upload without completing.</summary>
    public void Leave() => items.Complete();

    public async Task GrantedAsync()
    {
        await NextAsync();
        Grant = Ack;
    }

    /// <summary>The next ack; null when the relay ended the stream in good order.</summary>
    public async Task<WriteAck?> NextAsync()
    {
        if (!await Eventually.Done(acks.MoveNextAsync().AsTask(), "the relay says something to the writer"))
        {
            return null;
        }

        return Ack = acks.Current;
    }

    /// <summary>Waits until the output is written up to an offset.</summary>
    public async Task WrittenAsync(OutputType output, long offset)
    {
        while (Ack.Outputs.Single(progress => progress.Output == output).WrittenTo < offset)
        {
            (await NextAsync()).Should().NotBeNull("the stream goes on");
        }
    }

    /// <summary>What the stream ends with.</summary>
    public async Task<RelayException> RefusalAsync()
    {
        while (true)
        {
            try
            {
                (await NextAsync()).Should().NotBeNull("a refusal is expected, not a good end");
            }
            catch (Exception e) when (e is Microsoft.AspNetCore.SignalR.HubException)
            {
                return RelayException.FromWire(e.Message);
            }
        }
    }

    public void Dispose()
    {
        items.TryComplete();
        stop.Cancel();
        stop.Dispose();
    }
}
