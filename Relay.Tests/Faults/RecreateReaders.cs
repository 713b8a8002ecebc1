using System.Net;
using System.Net.WebSockets;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Tests.TestKit;

namespace Relay.Tests.Faults;

/// <summary>Readers of a session that comes and goes: each reads to the end, which must have its reason, and begins again.</summary>
internal static class RecreateReaders
{
    public static async Task HubAsync(RecreateWorld world, Random random)
    {
        await using var peer = await HubPeer.ConnectAsync(world.Relay);
        while (!world.IsOver)
        {
            try
            {
                var cursor = await ReadAsync(world, peer);
                if (cursor is not null)
                {
                    await ResumeAsync(world, peer, cursor);
                }
            }
            catch (HubException e) when (RecreateWorld.IsGone(RelayException.FromWire(e.Message).Code))
            {
                // Between two lives.
            }

            await MaybeWaitAsync(world, random);
        }
    }

    public static async Task HttpAsync(RecreateWorld world, Random random)
    {
        while (!world.IsOver)
        {
            try
            {
                using var answer = await world.Relay.Http.GetAsync(RelayApi.ReadPath(world.Session, query: "?follow=true"), HttpCompletionOption.ResponseHeadersRead);
                await (answer.StatusCode == HttpStatusCode.OK ? FollowAsync(world, answer) : RecreateWorld.ShouldSayGone(answer));
            }
            catch (HttpRequestException e) when (e.InnerException is IOException)
            {
                // Deleted just when the answer began: it was aborted with its head still on the way. Who asks again is told.
            }

            await MaybeWaitAsync(world, random);
        }
    }

    public static async Task SocketAsync(RecreateWorld world, Random random)
    {
        while (!world.IsOver)
        {
            try
            {
                await using var socket = await world.Relay.Api.Reader(world.Session);
                var read = new MemoryStream();
                while (await socket.Receive() is { } message)
                {
                    read.Write(message.Bytes);
                    world.Pulse();
                }

                world.NoteRead(read.ToArray(), null);
                ((int?)socket.CloseStatus, socket.CloseReason!.Split(':')[0]).Should().BeOneOf((4410, "session_deleted"), (1000, "completed"));
            }
            catch (WebSocketException e) when (e.Data["Status"] is HttpStatusCode.Gone)
            {
                // Between two lives.
            }

            await MaybeWaitAsync(world, random);
        }
    }

    /// <returns>The last cursor of a session that was deleted meanwhile.</returns>
    private static async Task<string?> ReadAsync(RecreateWorld world, HubPeer peer)
    {
        var read = OutputTypes.All.ToDictionary(output => output, _ => new MemoryStream());
        var (last, cursor, incarnation) = (default(LogEntry), "", 0L);
        await foreach (var batch in peer.Connection.StreamAsync<LogBatch>(HubRoutes.Read, new ReadRequest { Session = world.Session }))
        {
            cursor = batch.Cursor;
            var said = ReadCursor.Parse(cursor).Incarnation;
            incarnation.Should().BeOneOf([0, said], "a stream is of one incarnation");
            incarnation = said;
            foreach (var entry in batch.Entries)
            {
                entry.Kind.Should().BeOneOf(LogEntryKind.Data, LogEntryKind.End);
                if (entry.Kind == LogEntryKind.Data)
                {
                    entry.Offset.Should().Be(read[entry.Output].Length, "a new session begins at 0, and goes on without a hole");
                    read[entry.Output].Write(entry.Data.Span);
                }

                last = entry;
            }

            world.Pulse();
        }

        last.Kind.Should().Be(LogEntryKind.End, "a reader learns the end");
        last.End.Should().BeOneOf([EndReason.Deleted, EndReason.Completed], "a reader learns the reason");
        foreach (var output in read.Values)
        {
            world.NoteRead(output.ToArray(), incarnation);
        }

        return last.End == EndReason.Deleted ? cursor : null;
    }

    private static async Task ResumeAsync(RecreateWorld world, HubPeer peer, string cursor)
    {
        try
        {
            var entries = await peer.ReadAsync(new ReadRequest { Session = world.Session, Start = ReadStart.Cursor, Cursor = cursor });
            throw new InvalidOperationException($"The cursor of a deleted session was good for {entries.Count} entries.");
        }
        catch (HubException e)
        {
            var code = RelayException.FromWire(e.Message).Code;
            (RecreateWorld.IsGone(code) || code == RelayErrorCode.SessionReplaced).Should().BeTrue($"the cursor is of another life; the refusal was {code}");
        }
    }

    private static async Task FollowAsync(RecreateWorld world, HttpResponseMessage answer)
    {
        var (read, buffer, isWhole) = (new MemoryStream(), new byte[256], false);
        try
        {
            var body = await answer.Content.ReadAsStreamAsync();
            for (int count; (count = await body.ReadAsync(buffer)) > 0;)
            {
                read.Write(buffer.AsSpan(0, count));
                world.Pulse();
            }

            isWhole = true;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // Deleted: a body that is not whole is not ended as if it were.
        }

        world.NoteRead(read.ToArray(), null);
        if (isWhole)
        {
            (read.Length % RecreateWorld.Words(0, 1).Length).Should().Be(0);
        }
    }

    private static async Task MaybeWaitAsync(RecreateWorld world, Random random)
    {
        world.Pulse();
        if (random.Next(2) == 0 && !world.IsOver)
        {
            await world.HappensAsync();
        }
    }
}
