using System.Text;
using FluentAssertions;
using Relay.Tests.TestKit;

namespace Relay.Tests.Streaming;

/// <summary>
/// Somebody else's session with a live writer and live readers (a raw one, and a follower over HTTP). Whatever a test does to the relay,
/// these connections carry on as if nothing had happened.
/// </summary>
internal sealed class Neighbour : IAsyncDisposable
{
    private readonly RelayApi _api;
    private readonly string _session;
    private readonly RawSocket _writer;
    private readonly RawSocket _reader;
    private readonly Stream _follower;

    private Neighbour(RelayApi api, string session, RawSocket writer, RawSocket reader, Stream follower) =>
        (_api, _session, _writer, _reader, _follower) = (api, session, writer, reader, follower);

    public static async Task<Neighbour> MoveIn(RelayApi api)
    {
        var session = await api.CreateSession(RelayApi.NewId("neighbour"));
        var reader = await api.Reader(session);
        var writer = await api.Writer(session);
        await writer.Send("moved in\n");
        (await reader.Receive())!.Text.Should().Be("moved in\n");
        var response = await Eventually.Done(
            api.Http.GetAsync(RelayApi.ReadPath(session, query: "?follow=true&from=8"), HttpCompletionOption.ResponseHeadersRead), "the follower is answered");
        var neighbour = new Neighbour(api, session, writer, reader, await response.Content.ReadAsStreamAsync());
        await Eventually.Done(neighbour._follower.ReadExactlyAsync(new byte[1]).AsTask(), "the follower reads");
        await neighbour.Say("before\n");
        return neighbour;
    }

    /// <summary>The same connections as before still carry bytes, and the log holds just what the neighbour wrote.</summary>
    public async Task ShouldBeUntouched()
    {
        await Say("after\n");
        (await _api.ReadAll(_session)).ShouldBeExactly("moved in\nbefore\nafter\n"u8.ToArray(), "the neighbour's log");
        (await _api.Status(_session))!.Outputs["stdout"].State.Should().Be("open");
    }

    public async ValueTask DisposeAsync()
    {
        await _follower.DisposeAsync();
        await _reader.DisposeAsync();
        await _writer.DisposeAsync();
    }

    private async Task Say(string line)
    {
        await _writer.Send(line);
        (await _reader.Receive())!.Text.Should().Be(line, "the neighbour's raw reader is untouched");
        var followed = new byte[Encoding.UTF8.GetByteCount(line)];
        await Eventually.Done(_follower.ReadExactlyAsync(followed).AsTask(), "the neighbour's follower is untouched");
        Encoding.UTF8.GetString(followed).Should().Be(line);
    }
}
