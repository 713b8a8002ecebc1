using System.Net;
using System.Text.Json;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Compatibility;

/// <summary>The clients of the first system, unchanged: Debian's <c>requests</c> and <c>websocket</c> under Python.</summary>
[Trait("Category", "Compatibility")]
public sealed class OriginalClientTests(SharedRelay relay) : IClassFixture<SharedRelay>
{
    private RelayApi Api => relay.Api;

    [Fact]
    public async Task The_life_cycle_answers_as_it_always_did()
    {
        var session = RelayApi.NewId();
        await using var client = PythonPeer.Start("lifecycle.py", Api.BaseAddress.AbsoluteUri.TrimEnd('/'), session);
        await client.WaitForExit();

        client.ExitCode.Should().Be(0, client.Describe());
        client.Events().Select(e => (e.GetProperty("step").GetString(), e.GetProperty("status").GetInt32())).Should().Equal(
            ("create", 200),
            ("duplicate", 400),
            ("delete", 200),
            ("delete again", 404),
            ("delete unknown", 404),
            ("create by path", 200),
            ("duplicate by path", 400),
            ("docs", 200));
        foreach (var created in client.Events().Where(e => e.GetProperty("step").GetString() is "create" or "create by path"))
        {
            var body = created.GetProperty("body");
            body.GetProperty("status").GetString().Should().Be("ok");
            body.GetProperty("session_id").GetString().Should().Be(session);
            body.GetProperty("message").GetString().Should().NotBeEmpty();
        }
    }

    [Fact]
    public async Task Several_readers_each_get_all_and_a_late_one_gets_the_beginning()
    {
        var session = await Api.CreateSession();
        await using var first = Reader(session);
        await using var second = Reader(session);
        await first.Event("open");
        await second.Event("open");
        await using var writer = Writer(session);
        string[] lines = [.. Enumerable.Range(0, 200).Select(i => $"line {i}: Zeile für Zeile, 行 😀\n")];

        foreach (var line in lines[..100])
        {
            await writer.Write(line);
        }

        await first.Until(() => first.Messages().Count() == 100, "the first reader has the first half");
        await using var late = Reader(session);
        foreach (var line in lines[100..])
        {
            await writer.Write(line);
        }

        writer.CloseInput();
        await writer.WaitForExit();

        foreach (var reader in new[] { first, second, late })
        {
            await reader.Event("closed");
            reader.Messages().Should().Equal(lines, "each written message is one message, for each reader");
        }
    }

    [Fact]
    public async Task The_outputs_do_not_mix()
    {
        var session = await Api.CreateSession();
        await using var stdout = Reader(session);
        await using var stderr = Reader(session, "stderr");
        await using var writer = Writer(session);
        await using var errors = Writer(session, "stderr");

        await writer.WriteLine("out");
        await errors.WriteLine("err");
        writer.CloseInput();
        errors.CloseInput();

        await stdout.Event("closed");
        await stderr.Event("closed");
        stdout.Messages().Should().Equal("out\n");
        stderr.Messages().Should().Equal("err\n");
    }

    [Fact]
    public async Task A_reader_is_closed_some_five_seconds_after_the_writer_left()
    {
        var session = await Api.CreateSession();
        await using var reader = Reader(session);
        await reader.Event("open");
        await using var writer = Writer(session);
        await writer.WriteLine("only line");
        await reader.Event("message");
        writer.CloseInput();

        var left = (await writer.Event("closed")).GetProperty("at").GetDouble();
        var closed = await reader.Event("closed");

        closed.GetProperty("status").GetInt32().Should().Be(1000);
        closed.GetProperty("reason").GetString().Should().Be("writer_closed");
        (closed.GetProperty("at").GetDouble() - left).Should().BeInRange(4.5, 15);
    }

    [Fact]
    public async Task A_writer_that_comes_back_in_time_keeps_its_readers()
    {
        var session = await Api.CreateSession();
        await using var reader = Reader(session);
        await using (var first = Writer(session))
        {
            await first.WriteLine("before");
            first.CloseInput();
            await first.Event("closed");
        }

        // Writers are cheap here: a Python start takes a good part of the five seconds on a busy machine.
        await using var second = await Api.Writer(session);
        await second.Send("after\n");
        await second.Close();

        await reader.Event("closed");
        reader.Messages().Should().Equal("before\n", "after\n");
    }

    [Fact]
    public async Task A_second_writer_is_refused_in_the_handshake_until_the_first_left()
    {
        var session = await Api.CreateSession();
        await using var first = Writer(session);
        await first.Event("open");

        await using var second = Writer(session);
        (await second.Event("refused")).GetProperty("status").GetInt32().Should().Be(409);

        await first.WriteLine("still here");
        first.CloseInput();
        await first.Event("closed");
        await using var third = Writer(session);
        await third.Event("open");
        (await Api.ReadAll(session)).ShouldBeExactly("still here\n"u8.ToArray(), "the log");
    }

    [Theory]
    [InlineData("reader.py", "read")]
    [InlineData("writer.py", "write")]
    public async Task An_unknown_session_or_output_is_refused_in_the_handshake(string script, string way)
    {
        var session = await Api.CreateSession();
        await using var noSession = PythonPeer.Start(script, Api.WebSocketUrl($"/logs/never-{session}/{way}/stdout").AbsoluteUri);
        await using var noOutput = PythonPeer.Start(script, Api.WebSocketUrl($"/logs/{session}/{way}/stdin").AbsoluteUri);

        (await noSession.Event("refused")).GetProperty("status").GetInt32().Should().Be(404);
        (await noOutput.Event("refused")).GetProperty("status").GetInt32().Should().Be(400);
    }

    [Fact]
    public async Task The_successor_of_a_half_open_writer_gets_in_within_thirty_seconds()
    {
        var session = await Api.CreateSession();
        await using var reader = Reader(session);
        await using var frozen = PythonPeer.Start("half_open.py", Api.WebSocketUrl(RelayApi.WritePath(session)).AbsoluteUri);
        await frozen.Event("frozen");
        await Eventually.True(async () => (await Api.Status(session))!.Outputs["stdout"].Bytes == 11, "its last words arrived");
        var url = Api.WebSocketUrl(RelayApi.WritePath(session));
        (await RawSocket.Try(url)).Should().Be(HttpStatusCode.Conflict, "for all the server knows, the writer is alive");

        RawSocket? successor = null;
        await Eventually.True(
            async () =>
            {
                if (await RawSocket.Try(url) != HttpStatusCode.SwitchingProtocols)
                {
                    return false;
                }

                successor = await RawSocket.Connect(url);
                return true;
            },
            "the successor gets in",
            TimeSpan.FromSeconds(30));

        await successor!.Send("new words\n");
        await successor.Close();
        await reader.Event("closed");
        string.Concat(reader.Messages()).Should().Be("last words\nnew words\n");
        await successor.DisposeAsync();
    }

    private ChildProcess Reader(string session, string output = "stdout") =>
        PythonPeer.Start("reader.py", Api.WebSocketUrl(RelayApi.ReadPath(session, output)).AbsoluteUri);

    private ChildProcess Writer(string session, string output = "stdout") =>
        PythonPeer.Start("writer.py", Api.WebSocketUrl(RelayApi.WritePath(session, output)).AbsoluteUri);
}
