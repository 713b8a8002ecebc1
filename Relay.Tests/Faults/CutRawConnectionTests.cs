using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Net.WebSockets;
using FluentAssertions;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Faults;

/// <summary>
/// Clients that have read docs/protocol.md and know nothing but HTTP and WebSockets, over connections that are cut after each byte of what they
/// say and are told.
/// </summary>
[Trait("Category", "Faults")]
public sealed class CutRawConnectionTests(SharedRelay shared, ITestOutputHelper log) : IClassFixture<SharedRelay>
{
    private RelayHost Relay => shared.Host;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_http_writer_cut_at_every_byte_stores_every_byte_once(bool fromTheBeginning)
    {
        var started = Stopwatch.GetTimestamp();
        var cuts = new CutExchange(Relay, CutExchange.Reset, CutExchange.Fin, CutExchange.UnseenByServer);

        await cuts.CutEverywhere(url => PutAsync(url, fromTheBeginning));

        var how = fromTheBeginning ? "the whole body again" : "the rest after HEAD";
        FaultRun.Report(log, $"connection cut at every byte of a PUT, retried with {how}", $"{cuts.Made} cuts", "0 bytes lost, 0 doubled, all verified", started);
    }

    [Fact]
    public async Task An_http_reader_cut_at_every_byte_gets_every_byte_once()
    {
        var started = Stopwatch.GetTimestamp();
        var session = await CutRun.StoreAsync(Relay);
        var cuts = new CutExchange(Relay, CutExchange.Reset, CutExchange.Fin, CutExchange.UnseenByServer);

        await cuts.CutEverywhere(url => GetAsync(url, session));

        FaultRun.Report(log, "connection cut at every byte of a followed GET", $"{cuts.Made} cuts", "0 bytes lost, 0 doubled, no cut body taken for whole", started);
    }

    [Fact]
    public async Task A_websocket_writer_cut_at_every_byte_stores_every_byte_once()
    {
        var started = Stopwatch.GetTimestamp();
        var cuts = new CutExchange(Relay, CutExchange.Reset, CutExchange.Fin);

        await cuts.CutEverywhere(SendAsync);

        FaultRun.Report(log, "connection cut at every byte of a WebSocket write", $"{cuts.Made} cuts", "what is stored is what was sent up to a message; 0 bytes doubled", started);
    }

    [Fact]
    public async Task A_websocket_reader_cut_at_every_byte_gets_every_byte_once()
    {
        var started = Stopwatch.GetTimestamp();
        var session = await CutRun.StoreAsync(Relay);
        var cuts = new CutExchange(Relay, CutExchange.Reset, CutExchange.Fin, CutExchange.UnseenByServer);

        await cuts.CutEverywhere(url => ReceiveAsync(url, session));

        FaultRun.Report(log, "connection cut at every byte of a WebSocket read", $"{cuts.Made} cuts", "0 bytes lost, 0 doubled, end and reason told", started);
    }

    private async Task PutAsync(Uri url, bool fromTheBeginning)
    {
        var session = await Relay.Api.CreateSession();
        using var api = new RelayApi(url);
        foreach (var output in OutputTypes.All)
        {
            await OverAndOver(async () =>
            {
                var at = fromTheBeginning ? 0 : await NextOffset(api, session, output);
                using var answer = await api.Put(session, output.ToName(), CutRun.Of(output)[(int)at..], $"?offset={at}&run=run");
                await ShouldBeTaken(answer);
            });
        }

        await OverAndOver(async () =>
        {
            var totals = CutRun.Totals.ToDictionary(total => total.Output.ToName(), total => new { bytes = total.Bytes, crc32c = total.Crc32C }, StringComparer.Ordinal);
            using var answer = await api.Send(
                HttpMethod.Post, $"{RelayApi.SessionPath(session)}/complete", JsonContent.Create(new { run = "run", exit_code = CutRun.ExitCode, totals }));
            await ShouldBeTaken(answer);
        });
        await CutRun.ShouldBeStored(Relay, session);
    }

    private static async Task GetAsync(Uri url, string session)
    {
        using var api = new RelayApi(url);
        var read = new MemoryStream();
        await OverAndOver(async () =>
        {
            using var answer = await api.Http.GetAsync(RelayApi.ReadPath(session, query: $"?follow=true&from={read.Length}"), HttpCompletionOption.ResponseHeadersRead);
            answer.StatusCode.Should().Be(HttpStatusCode.OK);
            await (await answer.Content.ReadAsStreamAsync()).CopyToAsync(read);
        });
        read.ToArray().ShouldBeExactly(CutRun.Stdout, "stdout as it was read");
    }

    private async Task SendAsync(Uri url)
    {
        var session = await Relay.Api.CreateSession();
        using var api = new RelayApi(url);
        await OverAndOver(async () =>
        {
            // Connected first: while a writer is there, nobody else moves the end.
            await using var socket = await api.Writer(session);
            var at = (int)await NextOffset(Relay.Api, session, OutputType.Stdout);
            foreach (var piece in CutRun.Stdout[at..].Chunk(40))
            {
                await socket.Send(piece);
            }

            await socket.Close();
        });
        (await Relay.Api.ReadAll(session)).ShouldBeExactly(CutRun.Stdout, "stdout as it is stored");
    }

    private static async Task ReceiveAsync(Uri url, string session)
    {
        using var api = new RelayApi(url);
        var read = new MemoryStream();
        await OverAndOver(async () =>
        {
            await using var socket = await api.Reader(session, query: $"?format=binary&from={read.Length}");
            while (await socket.Receive() is { } message)
            {
                read.Write(message.Bytes);
            }

            socket.CloseReason.Should().Be($"completed: exit code {CutRun.ExitCode}");
        });
        read.ToArray().ShouldBeExactly(CutRun.Stdout, "stdout as it was read");
    }

    private static async Task<long> NextOffset(RelayApi api, string session, OutputType output)
    {
        using var answer = await api.Send(HttpMethod.Head, RelayApi.WritePath(session, output.ToName()));
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        return long.Parse(answer.Headers.GetValues("Relay-Next-Offset").Single());
    }

    /// <summary>
    /// An HTTP request has no number. A first one that the relay comes to only after its retry, which a cut that the relay does not see makes
    /// possible, takes over from it: the retry is told so and tries again.
    /// </summary>
    private static async Task ShouldBeTaken(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        if (answer.StatusCode == HttpStatusCode.Conflict && text.Contains("\"fenced\"", StringComparison.Ordinal))
        {
            throw new IOException("The request was overtaken by an earlier one.");
        }

        answer.StatusCode.Should().Be(HttpStatusCode.OK, text);
    }

    /// <summary>Until the connection holds from begin to end. A WebSocket writer is also refused until the relay has seen that its last connection broke.</summary>
    private static async Task OverAndOver(Func<Task> exchange)
    {
        while (true)
        {
            try
            {
                await exchange();
                return;
            }
            catch (Exception e) when (e is HttpRequestException or SocketException or IOException or WebSocketException)
            {
                // Cut. There is but one cut, so no delay is needed before the next try.
            }
        }
    }
}
