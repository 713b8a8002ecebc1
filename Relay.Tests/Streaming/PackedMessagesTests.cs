using System.Text;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Streaming;

/// <summary>Raw WebSocket messages that arrive together, many in one write of the client.</summary>
public sealed class PackedMessagesTests(SharedRelay shared) : IClassFixture<SharedRelay>
{
    private readonly RelayApi _relay = shared.Api;

    [Fact]
    public async Task Each_stays_a_message_to_readers()
    {
        var session = await _relay.CreateSession();
        await using var reader = await _relay.Reader(session);
        using var writer = await RawTcp.ConnectWebSocket(_relay.BaseAddress, RelayApi.WritePath(session));
        var lines = Enumerable.Range(0, 5000).Select(i => $"line {i} \u00e9").ToList();

        await writer.Send(lines.SelectMany(Frame).ToArray());

        foreach (var line in lines)
        {
            (await reader.Receive())!.Text.Should().Be(line);
        }
    }

    [Fact]
    public async Task One_in_pieces_is_one_message_whatever_stands_before_it()
    {
        var session = await _relay.CreateSession();
        await using var reader = await _relay.Reader(session);
        using var writer = await RawTcp.ConnectWebSocket(_relay.BaseAddress, RelayApi.WritePath(session));

        // "whole", then "in " without and "pieces" with the final bit (opcodes 1 and 0), then a ping, then "last".
        byte[] frames = [.. Frame("whole"), .. Frame("in ", 0x01), .. Frame("pieces", 0x80), .. Frame("ping", 0x89), .. Frame("last")];
        await writer.Send(frames);

        (await reader.Receive())!.Text.Should().Be("whole");
        (await reader.Receive())!.Text.Should().Be("in pieces");
        (await reader.Receive())!.Text.Should().Be("last");
    }

    [Fact]
    public async Task One_alone_does_not_wait_for_others()
    {
        var session = await _relay.CreateSession();
        await using var reader = await _relay.Reader(session);
        using var writer = await RawTcp.ConnectWebSocket(_relay.BaseAddress, RelayApi.WritePath(session));

        foreach (var line in (string[])["one", "two", "three"])
        {
            await writer.Send(Frame(line).ToArray());
            (await reader.Receive())!.Text.Should().Be(line);
        }
    }

    [Fact]
    public async Task What_came_before_a_broken_frame_is_stored()
    {
        var session = await _relay.CreateSession();
        using var writer = await RawTcp.ConnectWebSocket(_relay.BaseAddress, RelayApi.WritePath(session));

        byte[] frames = [.. Frame("one\n"), .. Frame("two\n"), 0xff, 0xff, 0xff];
        await writer.Send(frames);

        await Eventually.True(async () => Encoding.UTF8.GetString(await _relay.ReadAll(session)) == "one\ntwo\n", "what was whole is there");
    }

    private static IEnumerable<byte> Frame(string text) => Frame(text, 0x81);

    /// <summary>A masked frame with a short payload; the mask is zeros.</summary>
    private static IEnumerable<byte> Frame(string text, byte first)
    {
        var payload = Encoding.UTF8.GetBytes(text);
        return [first, (byte)(0x80 | payload.Length), 0, 0, 0, 0, .. payload];
    }
}
