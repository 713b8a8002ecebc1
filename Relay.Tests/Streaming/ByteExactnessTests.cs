using System.Net;
using System.Net.WebSockets;
using System.Text;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Streaming;

/// <summary>What was written is what is read: every byte to byte readers, valid UTF-8 to text readers.</summary>
public sealed class ByteExactnessTests(SharedRelay relay) : IClassFixture<SharedRelay>
{
    private static readonly byte[] EveryByte = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];

    private RelayApi Api => relay.Api;

    [Fact]
    public async Task All_256_byte_values_pass_over_http()
    {
        var session = await Api.CreateSession();

        await Api.Append(session, EveryByte);
        await Api.Append(session, [.. EveryByte.Reverse()], "stderr");

        (await Api.ReadAll(session)).ShouldBeExactly(EveryByte, "stdout");
        (await Api.ReadAll(session, "stderr")).ShouldBeExactly([.. EveryByte.Reverse()], "stderr");
    }

    [Fact]
    public async Task All_256_byte_values_pass_over_websockets_live_and_late()
    {
        var session = await Api.CreateSession();
        await using var live = await Api.Reader(session, query: "?format=binary");
        await using var writer = await Api.Writer(session);

        await writer.Send(EveryByte);
        foreach (var value in EveryByte)
        {
            await writer.Send(new[] { value });
        }

        byte[] expected = [.. EveryByte, .. EveryByte];
        await using var late = await Api.Reader(session, query: "?format=binary");
        foreach (var reader in new[] { live, late })
        {
            var messages = await reader.ReceiveBytes(expected.Length);
            messages.Should().OnlyContain(message => message.Type == WebSocketMessageType.Binary);
            messages.SelectMany(message => message.Bytes).ToArray().ShouldBeExactly(expected, "a binary reader");
        }
    }

    [Fact]
    public async Task Utf8_cut_at_every_place_reaches_text_readers_whole()
    {
        // One, two, three and four bytes a character, combining marks, a family joined by U+200D, and the last code point of all.
        const string text = "a\u00e4\u20ac\U0001f600e\u0301\U0001f468\u200d\U0001f469\u200d\U0001f467\u0000\u07ff\uffff\U0010ffff!";
        var bytes = Encoding.UTF8.GetBytes(text);

        for (var cut = 1; cut < bytes.Length; cut++)
        {
            var session = await Api.CreateSession();
            await using var live = await Api.Reader(session);
            await using var writer = await Api.Writer(session);
            await writer.Send(bytes.AsMemory(0, cut));
            await writer.Send(bytes.AsMemory(cut));

            await using var late = await Api.Reader(session);
            await ShouldRead(live, text, $"a live text reader, cut at {cut}");
            await ShouldRead(late, text, $"a late text reader, cut at {cut}");
            (await Api.ReadAll(session)).ShouldBeExactly(bytes, $"an HTTP reader, cut at {cut}");
        }
    }

    [Fact]
    public async Task Utf8_written_byte_by_byte_reaches_text_readers_whole()
    {
        var text = string.Concat(Enumerable.Repeat("gr\u00fc\u00df \u20ac \U0001f600\r\n", 50));
        var bytes = Encoding.UTF8.GetBytes(text);
        var session = await Api.CreateSession();
        await using var live = await Api.Reader(session);
        await using var writer = await Api.Writer(session);

        foreach (var value in bytes)
        {
            await writer.Send(new[] { value });
        }

        await ShouldRead(live, text, "a live text reader");
        (await Api.ReadAll(session)).ShouldBeExactly(bytes, "an HTTP reader");
    }

    [Fact]
    public async Task Bytes_that_are_no_utf8_become_replacement_characters_for_text_readers_only()
    {
        // A lone continuation, a start without its rest, an overlong form, half a surrogate pair, and beyond the last code point.
        byte[] bytes = [.. "<"u8, 0x80, .. "|"u8, 0xE2, 0x82, .. "|"u8, 0xC0, 0xAF, .. "|"u8, 0xED, 0xA0, 0x80, .. "|"u8, 0xF5, .. ">\n"u8];
        var session = await Api.CreateSession();
        await Api.Append(session, bytes);

        await using var reader = await Api.Reader(session, query: "?follow=false");
        var messages = await reader.ReceiveToClose();

        string.Concat(messages.Select(message => message.Text)).Should().Be(Encoding.UTF8.GetString(bytes)).And.StartWith("<\ufffd|\ufffd|").And.EndWith("|\ufffd>\n");
        reader.CloseReason.Should().Be("tail");
        (await Api.ReadAll(session)).ShouldBeExactly(bytes, "an HTTP reader");
    }

    [Fact]
    public async Task A_hundred_thousand_empty_lines_pass_in_one_body()
    {
        var lines = Enumerable.Repeat((byte)'\n', 100_000).ToArray();
        var session = await Api.CreateSession();

        await Api.Append(session, lines);

        (await Api.ReadAll(session)).ShouldBeExactly(lines, "an HTTP reader");
        (await Api.ReadAll(session, query: "?tail=3")).ShouldBeExactly("\n\n\n"u8.ToArray(), "the last three lines");
        (await Api.Status(session))!.Outputs["stdout"].Should().BeEquivalentTo(new { Lines = 100_000L, Bytes = 100_000L });
    }

    [Fact]
    public async Task A_hundred_thousand_empty_lines_pass_one_message_each()
    {
        const int count = 100_000;
        var session = await Api.CreateSession();
        await using var live = await Api.Reader(session);
        var read = Task.Run(() => live.ReceiveBytes(count, TimeSpan.FromSeconds(60)));
        await using var writer = await Api.Writer(session);

        for (var i = 0; i < count; i++)
        {
            await writer.Send("\n");
        }

        var messages = await Eventually.Done(read, "the live reader has all lines", TimeSpan.FromSeconds(120));
        messages.Should().OnlyContain(message => message.Bytes.All(value => value == '\n'));
        (await Api.ReadAll(session)).Should().HaveCount(count).And.OnlyContain(value => value == '\n');
        (await Api.Status(session))!.Outputs["stdout"].Lines.Should().Be(count);
    }

    [Fact]
    public async Task Redraws_with_carriage_returns_stay_as_they_are()
    {
        var text = string.Concat(Enumerable.Range(0, 1001).Select(i => $"\r\u001b[2K{i / 10.0:0.0} % \u2588")) + "\r\ndone\r";
        var bytes = Encoding.UTF8.GetBytes(text);
        var session = await Api.CreateSession();
        await using var live = await Api.Reader(session);
        await using var writer = await Api.Writer(session);

        foreach (var part in text.Split('\r').Skip(1))
        {
            await writer.Send("\r" + part);
        }

        await ShouldRead(live, text, "a live text reader");
        (await Api.ReadAll(session)).ShouldBeExactly(bytes, "an HTTP reader");
        (await Api.Status(session))!.Outputs["stdout"].Lines.Should().Be(1);
    }

    [Fact]
    public async Task A_follower_is_answered_before_the_first_byte()
    {
        var session = await Api.CreateSession();
        using var request = new HttpRequestMessage(HttpMethod.Get, RelayApi.ReadPath(session, query: "?follow=true"));

        using var answer = await Eventually.Done(
            Api.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead), "the status and the headers are here, so that the reader knows it is in");

        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        await using var body = await answer.Content.ReadAsStreamAsync();
        await Api.Append(session, "x"u8.ToArray());
        await Eventually.Done(body.ReadExactlyAsync(new byte[1]).AsTask(), "the first byte");
    }

    [Fact]
    public async Task Nothing_written_is_nothing_read()
    {
        var session = await Api.CreateSession();

        await Api.Append(session, []);

        (await Api.ReadAll(session)).Should().BeEmpty();
        using var head = await Api.Send(HttpMethod.Head, RelayApi.WritePath(session));
        head.StatusCode.Should().Be(HttpStatusCode.OK);
        head.Headers.GetValues("Relay-Next-Offset").Should().Equal("0");
    }

    private static async Task ShouldRead(RawSocket reader, string text, string who)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var messages = await reader.ReceiveBytes(bytes.Length);

        messages.Should().OnlyContain(message => message.Type == WebSocketMessageType.Text);
        string.Concat(messages.Select(message => message.Text)).Should().Be(text, $"that is what {who} reads, in whole characters");
    }
}
