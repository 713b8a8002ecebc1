using System.Net;
using System.Net.Http.Json;
using System.Net.WebSockets;
using System.Text.Json;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR;
using Relay.Contracts;
using Relay.Tests.TestKit;

namespace Relay.Tests.Faults;

/// <summary>Writers of a session that comes and goes. One of them may hold what it has until it is thrown out; the other never stays.</summary>
internal static class RecreateWriters
{
    public static Task HubAsync(RecreateWorld world, Random random) => ConnectedAsync(world, async peer =>
    {
        var mark = world.NewMark();
        using var upload = await peer.WriteAsync(new WriteRequest { Session = world.Session, RunId = $"run-{mark}" });
        world.Note(mark, upload.Grant.Incarnation);
        world.Pulse();
        Send(upload, mark, random);
        await LeaveAsync(upload, random.Next(4));
    });

    /// <summary>As <see cref="HubAsync"/>, but it stays until the session goes, and then tries to write on.</summary>
    public static Task HoldAsync(RecreateWorld world, Random random) => ConnectedAsync(world, async peer =>
    {
        var mark = world.NewMark();
        var request = new WriteRequest { Session = world.Session, RunId = $"run-{mark}" };
        using (var upload = await peer.WriteAsync(request))
        {
            world.Note(mark, upload.Grant.Incarnation);
            world.Pulse();
            Send(upload, mark, random);
            var refusal = await upload.RefusalAsync();
            if (IsTorn(refusal.Message))
            {
                throw new HubException(refusal.Message);
            }

            refusal.Code.Should().Be(RelayErrorCode.SessionDeleted, refusal.Message);
            request = request with { Attempt = 2, Incarnation = upload.Grant.Incarnation };
        }

        var words = RecreateWorld.Words(world.NewBannedMark(), 3);
        var item = new WriteItem { Kind = WriteItemKind.Data, Output = OutputType.Stdout, Data = words };
        var code = await HubAttempt.RefusedAsync(world.Relay, request, [item]);
        (RecreateWorld.IsGone(code) || code == RelayErrorCode.SessionReplaced).Should().BeTrue($"the writer is of another life; the refusal was {code}");
    });

    public static async Task PutAsync(RecreateWorld world, Random random)
    {
        while (!world.IsOver)
        {
            using var answer = await world.Relay.Api.Put(world.Session, random.Next(2) == 0 ? "stdout" : "stderr", RecreateWorld.Words(world.NewMark(), random.Next(1, 9)));
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                await (answer.StatusCode == HttpStatusCode.Conflict ? ShouldBeTaken(answer) : RecreateWorld.ShouldSayGone(answer));
            }

            world.Pulse();
        }
    }

    public static async Task SocketAsync(RecreateWorld world, Random random)
    {
        while (!world.IsOver)
        {
            try
            {
                await using var socket = await world.Relay.Api.Writer(world.Session);
                world.Pulse();
                var mark = world.NewMark();
                for (var i = random.Next(1, 6); i > 0; i--)
                {
                    await socket.Send(RecreateWorld.Words(mark, random.Next(1, 4)));
                }

                await socket.Close();
                ((int?)socket.CloseStatus).Should().BeOneOf(1000, 4410);
            }
            catch (WebSocketException)
            {
                // Refused, or thrown out while it was sending.
            }

            world.Pulse();
        }
    }

    private static void Send(HubUpload upload, int mark, Random random)
    {
        var at = upload.Grant.Outputs.ToDictionary(progress => progress.Output, progress => progress.WrittenTo);
        for (var i = random.Next(1, 6); i > 0; i--)
        {
            var output = random.Next(2) == 0 ? OutputType.Stdout : OutputType.Stderr;
            var words = RecreateWorld.Words(mark, random.Next(1, 4));
            upload.Send(output, at[output], words);
            at[output] += words.Length;
        }
    }

    private static async Task LeaveAsync(HubUpload upload, int way)
    {
        if (way == 0)
        {
            return; // Just gone: the lease goes back as lost.
        }

        if (way == 1)
        {
            upload.Send(new WriteItem { Kind = WriteItemKind.Complete });
        }
        else
        {
            upload.Leave();
        }

        while (await upload.NextAsync() is not null)
        {
        }
    }

    private static async Task ShouldBeTaken(HttpResponseMessage answer) =>
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString().Should().BeOneOf("writer_already_connected", "session_completed");

    /// <summary>Writes over one connection for as long as it holds, then over the next.</summary>
    private static async Task ConnectedAsync(RecreateWorld world, Func<HubPeer, Task> write)
    {
        while (!world.IsOver)
        {
            await using var peer = await HubPeer.ConnectAsync(world.Relay);
            for (var isTorn = false; !world.IsOver && !isTorn;)
            {
                try
                {
                    await write(peer);
                }
                catch (HubException e) when (IsExpected(RelayException.FromWire(e.Message).Code))
                {
                    world.Pulse();
                }
                catch (HubException e) when (IsTorn(e.Message))
                {
                    isTorn = true;
                }
            }
        }
    }

    /// <summary>
    /// An item that SignalR was just passing to a hub method when that ended costs the connection: a moment that nobody can close, and a busy machine
    /// makes longer. Clients connect anew.
    /// </summary>
    private static bool IsTorn(string message) => message.Contains("ChannelClosedException", StringComparison.Ordinal);

    private static bool IsExpected(RelayErrorCode code) =>
        RecreateWorld.IsGone(code) || code is RelayErrorCode.WriterAlreadyConnected or RelayErrorCode.SessionCompleted;
}
