using System.Net;
using System.Threading.Channels;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Relay.Contracts;
using Relay.Tests.TestKit;

namespace Relay.Tests.Faults;

/// <summary>One attempt of a run, behind a proxy of its own which may keep what it sent for later.</summary>
internal abstract class RunAttempt(RelayHost relay, int mark) : IAsyncDisposable
{
    private readonly FaultProxy _proxy = FaultProxy.To(relay.BaseAddress);

    public int Mark => mark;

    /// <summary>Whether it ever held the lease.</summary>
    public bool IsGranted { get; protected set; }

    protected RelayHost Relay => relay;

    protected Uri Address => _proxy.Address;

    protected ProxiedConnection Connection => _proxy.Connections[0];

    /// <summary>Bytes that the relay had not seen when they were released.</summary>
    public long Delayed { get; private set; }

    /// <summary>Connects and asks for the lease, until it is granted or refused as fenced.</summary>
    public abstract Task BeginAsync(string session, string run);

    /// <summary>Sends its bytes, from where it was granted the lease up to <paramref name="to"/>.</summary>
    public abstract Task SendAsync(Random random, long to);

    /// <summary>Waits until the relay ends it, which must be as fenced.</summary>
    public abstract Task ShouldBeFencedAsync();

    /// <summary>From now on only so many bytes reach the relay; if it is half-open, none comes back.</summary>
    public void Hold(long bytes, bool halfOpen)
    {
        Connection.ClientToServer.Allow(bytes);
        if (halfOpen)
        {
            Connection.ServerToClient.Hold();
        }
    }

    public void Release()
    {
        Delayed = Connection.ClientToServer.Received - Connection.ClientToServer.Forwarded;
        Connection.ClientToServer.Release();
        Connection.ServerToClient.Release();
    }

    public virtual ValueTask DisposeAsync() => _proxy.DisposeAsync();
}

/// <summary>An attempt over the hub, of both outputs.</summary>
internal sealed class HubAttempt(RelayHost relay, int mark, int number) : RunAttempt(relay, mark)
{
    private HubPeer? _peer;

    public HubUpload? Upload { get; private set; }

    public override async Task BeginAsync(string session, string run)
    {
        _peer = await HubPeer.ConnectAsync(Address);
        try
        {
            Upload = await _peer.WriteAsync(new WriteRequest { Session = session, RunId = run, Attempt = number });
            IsGranted = true;
        }
        catch (HubException e) when (RelayException.FromWire(e.Message).Code == RelayErrorCode.Fenced)
        {
            // Another attempt was quicker.
        }
    }

    public long GrantedAt(OutputType output) => Upload!.Grant.Outputs.Single(progress => progress.Output == output).WrittenTo;

    public override Task SendAsync(Random random, long to)
    {
        foreach (var output in OutputTypes.All)
        {
            foreach (var item in Marks.Items(random, Mark, output, GrantedAt(output), to))
            {
                Upload!.Send(item);
            }
        }

        return Task.CompletedTask;
    }

    public override async Task ShouldBeFencedAsync() => (await Upload!.RefusalAsync()).Code.Should().Be(RelayErrorCode.Fenced);

    /// <summary>An attempt that comes with its bytes already under way behind the request, and must be refused.</summary>
    public static async Task<RelayErrorCode> RefusedAsync(RelayHost relay, WriteRequest request, IEnumerable<WriteItem> items)
    {
        await using var peer = await HubPeer.ConnectAsync(relay);
        var upload = Channel.CreateUnbounded<WriteItem>();
        foreach (var item in items)
        {
            upload.Writer.TryWrite(item);
        }

        var acks = peer.Connection.StreamAsync<WriteAck>(HubRoutes.Write, request, upload.Reader).GetAsyncEnumerator();
        try
        {
            var isAnswered = await Eventually.Done(acks.MoveNextAsync().AsTask(), "the request is answered");
            throw new InvalidOperationException($"The attempt was {(isAnswered ? "granted" : "ended without a reason")}.");
        }
        catch (HubException e)
        {
            return RelayException.FromWire(e.Message).Code;
        }
        finally
        {
            upload.Writer.TryComplete();
        }
    }

    public override async ValueTask DisposeAsync()
    {
        Upload?.Dispose();
        if (_peer is not null)
        {
            await _peer.DisposeAsync();
        }

        await base.DisposeAsync();
    }
}

/// <summary>An attempt by HTTP, of stdout. It asks for a "100 Continue", which comes with the lease.</summary>
internal sealed class PutAttempt(RelayHost relay, int mark, bool vanishes) : RunAttempt(relay, mark)
{
    private RawTcp? _peer;
    private long _from;

    public override async Task BeginAsync(string session, string run)
    {
        using (var head = await Relay.Api.Send(HttpMethod.Head, RelayApi.WritePath(session)))
        {
            _from = long.Parse(head.Headers.GetValues("Relay-Next-Offset").Single());
        }

        _peer = await RawTcp.Connect(Address);
        await _peer.Send($"PUT {RelayApi.WritePath(session, query: $"?offset={_from}&run={run}")} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n");
        var answer = await _peer.ReadHead();
        answer.Should().StartWith("HTTP/1.1 100", "a request of the run that leaves the attempt's number to the log is always a later one");
        IsGranted = true;
    }

    public override async Task SendAsync(Random random, long to)
    {
        foreach (var item in Marks.Items(random, Mark, OutputType.Stdout, _from, to))
        {
            await _peer!.Send($"{item.Data.Length:x}\r\n");
            await _peer.Send(item.Data);
            await _peer.Send("\r\n");
        }

        if (vanishes)
        {
            _peer!.Vanish(); // What it sent is still under way.
        }
    }

    public override async Task ShouldBeFencedAsync()
    {
        if (!vanishes)
        {
            (await _peer!.ReadHead()).Should().StartWith($"HTTP/1.1 {(int)HttpStatusCode.Conflict}");
        }
    }

    public override async ValueTask DisposeAsync()
    {
        _peer?.Dispose();
        await base.DisposeAsync();
    }
}
