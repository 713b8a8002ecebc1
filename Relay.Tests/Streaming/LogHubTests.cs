using System.Text;
using System.Threading.Channels;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Streaming;

/// <summary>The hub's promises, seen from clients that say exactly what the test wants.</summary>
public sealed class LogHubTests(SharedRelay shared) : IClassFixture<SharedRelay>
{
    private RelayHost Relay => shared.Host;

    [Fact]
    public async Task A_retried_chunk_is_stored_once_however_it_is_cut()
    {
        var session = await Relay.Api.CreateSession();
        await using var peer = await HubPeer.ConnectAsync(Relay);
        using var upload = await peer.WriteAsync(Run(session));

        upload.Send(OutputType.Stdout, 0, "abcdef"u8);
        upload.Send(OutputType.Stdout, 0, "abcdef"u8);
        upload.Send(OutputType.Stdout, 3, "defghi"u8);
        upload.Send(OutputType.Stdout, 8, "ij"u8);
        await upload.WrittenAsync(OutputType.Stdout, 10);

        (await TextOf(session)).Should().Be("abcdefghij");
    }

    [Fact]
    public async Task Data_beyond_the_end_is_refused_and_the_refusal_names_the_end()
    {
        var session = await Relay.Api.CreateSession();
        await using var peer = await HubPeer.ConnectAsync(Relay);
        using var upload = await peer.WriteAsync(Run(session));

        upload.Send(OutputType.Stdout, 0, "abc"u8);
        upload.Send(OutputType.Stdout, 4, "e"u8);

        var refusal = await upload.RefusalAsync();
        refusal.Code.Should().Be(RelayErrorCode.OffsetMismatch);
        refusal.Message.Should().Contain("ends at 3");
        (await TextOf(session)).Should().Be("abc");
    }

    [Fact]
    public async Task A_second_run_is_refused_while_the_first_is_there_and_never_falls_under_its_bytes()
    {
        var session = await Relay.Api.CreateSession();
        await using var first = await HubPeer.ConnectAsync(Relay);
        await using var second = await HubPeer.ConnectAsync(Relay);
        using var upload = await first.WriteAsync(Run(session, "one"));
        upload.Send(OutputType.Stdout, 0, "first"u8);
        await upload.WrittenAsync(OutputType.Stdout, 5);

        (await Refused(second, Run(session, "two"))).Code.Should().Be(RelayErrorCode.WriterAlreadyConnected);
        upload.Leave();
        (await upload.NextAsync()).Should().BeNull("a writer that leaves in good order sees its stream end in good order");

        using var later = await second.WriteAsync(Run(session, "two"));
        later.Ack.Outputs[0].Should().BeEquivalentTo(new { WrittenTo = 5, Base = 5, Stored = 0 });
        later.Send(OutputType.Stdout, 0, "fir"u8);
        (await later.RefusalAsync()).Code.Should().Be(RelayErrorCode.OffsetBeforeRun);
        (await TextOf(session)).Should().Be("first");
    }

    [Fact]
    public async Task A_rerun_after_the_first_writer_died_loses_nothing_of_either()
    {
        var session = await Relay.Api.CreateSession();
        var first = await HubPeer.ConnectAsync(Relay);
        using (var upload = await first.WriteAsync(Run(session, "died")))
        {
            upload.Send(OutputType.Stdout, 0, "half a li"u8);
            await upload.WrittenAsync(OutputType.Stdout, 9);
            await first.DisposeAsync();
        }

        await using var second = await HubPeer.ConnectAsync(Relay);
        using var rerun = await OnceFree(second, Run(session, "rerun"));
        rerun.Send(OutputType.Stdout, 9, "whole line\n"u8);
        rerun.Send(new WriteItem { Kind = WriteItemKind.Complete, ExitCode = 0, Totals = [new OutputTotal(OutputType.Stdout, 11, Crc32C.Append(0, "whole line\n"u8))] });
        await Completed(rerun);

        rerun.Ack.Outputs[0].Verdict.Should().Be(Verdict.Verified, "the totals are those of the run, not of the output");
        (await TextOf(session)).Should().Be("half a liwhole line\n");
    }

    [Fact]
    public async Task A_higher_attempt_takes_over_at_once_and_the_old_stream_ends_fenced()
    {
        var session = await Relay.Api.CreateSession();
        await using var peer = await HubPeer.ConnectAsync(Relay);
        using var old = await peer.WriteAsync(Run(session) with { Attempt = 1 });
        old.Send(OutputType.Stdout, 0, "abc"u8);
        await old.WrittenAsync(OutputType.Stdout, 3);

        using var fresh = await peer.WriteAsync(Run(session) with { Attempt = 2 });
        old.Send(OutputType.Stdout, 3, "from the dead"u8);

        (await old.RefusalAsync()).Code.Should().Be(RelayErrorCode.Fenced);
        fresh.Grant.FencingNumber.Should().BeGreaterThan(old.Grant.FencingNumber);
        fresh.Send(OutputType.Stdout, 3, "def"u8);
        await fresh.WrittenAsync(OutputType.Stdout, 6);
        (await TextOf(session)).Should().Be("abcdef");
        (await Refused(peer, Run(session) with { Attempt = 1 })).Code.Should().Be(RelayErrorCode.Fenced);
    }

    [Fact]
    public async Task Completion_is_idempotent_and_final()
    {
        var session = await Relay.Api.CreateSession();
        await using var peer = await HubPeer.ConnectAsync(Relay);
        using (var upload = await peer.WriteAsync(Run(session)))
        {
            upload.Send(OutputType.Stdout, 0, "done\n"u8);
            upload.Send(new WriteItem { Kind = WriteItemKind.Complete, ExitCode = 7, Totals = [new OutputTotal(OutputType.Stdout, 5, 0xBAD)] });
            await Completed(upload);
            upload.Ack.Outputs.Single(output => output.Output == OutputType.Stdout).Verdict.Should().Be(Verdict.Mismatch);
        }

        using (var again = await peer.WriteAsync(Run(session) with { Attempt = 2 }))
        {
            again.Send(OutputType.Stdout, 0, "done\n"u8);
            again.Send(new WriteItem { Kind = WriteItemKind.Complete, ExitCode = 0 });
            await Completed(again);
        }

        (await Refused(peer, Run(session, "another"))).Code.Should().Be(RelayErrorCode.SessionCompleted);
        var end = (await peer.ReadAsync(new ReadRequest { Session = session }))[^1];
        end.Should().BeEquivalentTo(new { Kind = LogEntryKind.End, End = EndReason.Completed, ExitCode = 7 }, "the first completion stays");
        end.Totals!.Single(total => total.Output == OutputType.Stdout).Should().Be(new OutputTotal(OutputType.Stdout, 5, Crc32C.Append(0, "done\n"u8)));
    }

    [Fact]
    public async Task After_a_deletion_the_same_id_is_a_new_session_to_old_cursors_and_old_writers()
    {
        var session = await Relay.Api.CreateSession();
        await using var peer = await HubPeer.ConnectAsync(Relay);
        using var old = await peer.WriteAsync(Run(session));
        old.Send(OutputType.Stdout, 0, "old"u8);
        await old.WrittenAsync(OutputType.Stdout, 3);
        var cursor = await CursorAfter(peer, session);

        (await Relay.Http.DeleteAsync(RelayApi.SessionPath(session))).EnsureSuccessStatusCode();
        (await old.RefusalAsync()).Code.Should().Be(RelayErrorCode.SessionDeleted);
        (await Refused(peer, Run(session) with { Attempt = 2, Incarnation = old.Grant.Incarnation })).Code.Should().Be(RelayErrorCode.SessionDeleted);
        await Relay.Api.CreateSession(session);

        (await Refused(peer, Run(session) with { Attempt = 3, Incarnation = old.Grant.Incarnation })).Code.Should().Be(RelayErrorCode.SessionReplaced);
        (await ReadRefused(peer, new ReadRequest { Session = session, Start = ReadStart.Cursor, Cursor = cursor })).Code.Should().Be(RelayErrorCode.SessionReplaced);
        (await TextOf(session)).Should().BeEmpty();
    }

    [Fact]
    public async Task The_order_between_the_outputs_is_kept()
    {
        var session = await Relay.Api.CreateSession();
        await using var peer = await HubPeer.ConnectAsync(Relay);
        using var upload = await peer.WriteAsync(Run(session));
        for (var i = 0; i < 50; i++)
        {
            upload.Send(i % 2 == 0 ? OutputType.Stdout : OutputType.Stderr, i / 2, [(byte)('A' + (i / 2))]);
        }

        upload.Send(new WriteItem { Kind = WriteItemKind.Complete });
        await Completed(upload);

        var data = (await peer.ReadAsync(new ReadRequest { Session = session })).Where(entry => entry.Kind == LogEntryKind.Data).ToList();
        data.Select(entry => entry.Output).Should().Equal(Enumerable.Range(0, 50).Select(i => i % 2 == 0 ? OutputType.Stdout : OutputType.Stderr));
        data.Select(entry => entry.Sequence).Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task A_paced_reader_gets_as_many_batches_as_it_credited_and_no_more()
    {
        var session = await Relay.Api.CreateSession();
        await using var peer = await HubPeer.ConnectAsync(Relay);
        using var upload = await peer.WriteAsync(Run(session));
        var block = new byte[48 * 1024];
        for (var i = 0; i < 20; i++)
        {
            upload.Send(OutputType.Stdout, i * (long)block.Length, block);
        }

        await upload.WrittenAsync(OutputType.Stdout, 20L * block.Length);
        var credits = Channel.CreateUnbounded<int>();
        var batches = peer.Connection.StreamAsync<LogBatch>(HubRoutes.ReadPaced, new ReadRequest { Session = session, Follow = false }, credits.Reader).GetAsyncEnumerator();

        await credits.Writer.WriteAsync(3);
        for (var i = 0; i < 3; i++)
        {
            (await Eventually.Done(batches.MoveNextAsync().AsTask(), "a credited batch comes")).Should().BeTrue();
        }

        var fourth = batches.MoveNextAsync().AsTask();
        await peer.Connection.InvokeAsync(HubRoutes.Unwatch, new WatchRequest { Session = session });
        fourth.IsCompleted.Should().BeFalse("nothing is sent without credit, though the connection answers");

        await credits.Writer.WriteAsync(100);
        (await Eventually.Done(fourth, "more credit brings more")).Should().BeTrue();
    }

    [Fact]
    public async Task Watchers_learn_of_creation_writers_and_the_end()
    {
        var session = RelayApi.NewId();
        await using var watcher = await HubPeer.ConnectAsync(Relay);
        var events = Channel.CreateUnbounded<PresenceEvent>();
        watcher.Connection.On<PresenceEvent>(HubRoutes.Presence, happened => events.Writer.TryWrite(happened));
        await watcher.Connection.InvokeAsync(HubRoutes.Watch, new WatchRequest { Session = session, Outputs = [OutputType.Stdout] });

        await Relay.Api.CreateSession(session);
        await using var writer = await HubPeer.ConnectAsync(Relay);
        using var upload = await writer.WriteAsync(Run(session));
        upload.Send(new WriteItem { Kind = WriteItemKind.Complete, ExitCode = 5 });
        await Completed(upload);

        var seen = new List<PresenceEvent>();
        await Eventually.True(
            () =>
            {
                while (events.Reader.TryRead(out var happened))
                {
                    seen.Add(happened);
                }

                return seen.Exists(happened => happened.Kind == PresenceKind.SessionCompleted);
            },
            "the completion is told");
        seen.Should().OnlyContain(happened => happened.Session == session && happened.Output != OutputType.Stderr, "only stdout and the session were watched");
        seen.Select(happened => happened.Kind).Should().BeEquivalentTo(
            [PresenceKind.SessionCreated, PresenceKind.WriterConnected, PresenceKind.OutputEnded, PresenceKind.SessionCompleted]);
        seen.Single(happened => happened.Kind == PresenceKind.SessionCompleted).ExitCode.Should().Be(5);
    }

    [Theory]
    [InlineData("session_not_found", "nowhere", "run", 1, 1)]
    [InlineData("invalid_session_id", "a/b", "run", 1, 1)]
    [InlineData("invalid_request", null, "", 1, 1)]
    [InlineData("invalid_request", null, "run", 0, 1)]
    [InlineData("unknown_output", null, "run", 1, 9)]
    public async Task A_wrong_write_request_is_refused_by_name_and_the_connection_lives_on(string code, string? session, string run, int attempt, int output)
    {
        session ??= await Relay.Api.CreateSession();
        await using var peer = await HubPeer.ConnectAsync(Relay);

        var refusal = await Refused(peer, new WriteRequest { Session = session, RunId = run, Attempt = attempt, Outputs = [(OutputType)output] });

        refusal.Code.ToName().Should().Be(code);
        var good = await Relay.Api.CreateSession();
        using var upload = await peer.WriteAsync(Run(good));
        upload.Grant.Kind.Should().Be(WriteAckKind.Grant);
    }

    [Fact]
    public async Task An_item_beyond_the_limit_is_refused_with_the_limit()
    {
        var session = await Relay.Api.CreateSession();
        await using var peer = await HubPeer.ConnectAsync(Relay);
        using var upload = await peer.WriteAsync(Run(session));

        upload.Send(OutputType.Stdout, 0, new byte[(1024 * 1024) + 1]);

        var refusal = await upload.RefusalAsync();
        refusal.Code.Should().Be(RelayErrorCode.RecordTooLarge);
        refusal.Message.Should().Contain("1048576");
    }

    [Theory]
    [InlineData("Write")]
    [InlineData("ReadPaced")]
    public async Task An_upload_item_that_cannot_be_read_is_told_to_the_client(string method)
    {
        var session = await Relay.Api.CreateSession();
        await using var peer = await HubPeer.ConnectAsync(Relay);
        var items = Channel.CreateUnbounded<string>();
        object request = method == "Write" ? Run(session) : new ReadRequest { Session = session };

        await items.Writer.WriteAsync("neither an item nor a credit");
        var read = async () => await Eventually.Done(Drain(peer.Connection.StreamAsync<object>(method, request, items.Reader)), "the stream ends");

        var refusal = RelayException.FromWire((await read.Should().ThrowAsync<HubException>()).Which.Message);
        refusal.Code.Should().Be(RelayErrorCode.InvalidRequest);
        using var upload = await peer.WriteAsync(Run(session, "next"));
        upload.Grant.Kind.Should().Be(WriteAckKind.Grant, "the lease is free and the connection lives");

        static async Task Drain(IAsyncEnumerable<object> stream)
        {
            await foreach (var _ in stream)
            {
            }
        }
    }

    [Fact]
    public async Task A_put_that_is_refused_leaves_a_closed_output_closed()
    {
        var session = await Relay.Api.CreateSession();
        await Relay.Api.Append(session, "whole"u8.ToArray());

        using (var refused = await Relay.Api.Put(session, "stdout", "x"u8.ToArray(), "?offset=999"))
        {
            (await Problem.Of(refused, System.Net.HttpStatusCode.Conflict, "offset_mismatch")).Document.GetProperty("expected_offset").GetInt64().Should().Be(5);
        }

        // A vanished writer would keep hub readers waiting for ever; one that closed lets them go after the grace.
        await using var peer = await HubPeer.ConnectAsync(Relay);
        (await peer.ReadAsync(new ReadRequest { Session = session }))[^1].End.Should().Be(EndReason.WriterClosed);
    }

    [Fact]
    public async Task A_reader_that_starts_at_the_tail_has_a_cursor_before_anything_happens()
    {
        var session = await Relay.Api.CreateSession();
        await using var peer = await HubPeer.ConnectAsync(Relay);
        using var upload = await peer.WriteAsync(Run(session));
        upload.Send(OutputType.Stdout, 0, "before"u8);
        await upload.WrittenAsync(OutputType.Stdout, 6);

        var first = peer.Connection.StreamAsync<LogBatch>(HubRoutes.Read, new ReadRequest { Session = session, Start = ReadStart.Now }).GetAsyncEnumerator();
        (await Eventually.Done(first.MoveNextAsync().AsTask(), "the place is told")).Should().BeTrue();
        first.Current.Entries.Should().BeEmpty();

        upload.Send(OutputType.Stdout, 6, " after"u8);
        upload.Send(new WriteItem { Kind = WriteItemKind.Complete });
        await Completed(upload);
        var resumed = await peer.ReadAsync(new ReadRequest { Session = session, Start = ReadStart.Cursor, Cursor = first.Current.Cursor });
        Text(resumed).Should().Be(" after");
    }

    private static WriteRequest Run(string session, string run = "run") => new() { Session = session, RunId = run };

    private static async Task Completed(HubUpload upload)
    {
        while (upload.Ack.Kind != WriteAckKind.Completed)
        {
            (await upload.NextAsync()).Should().NotBeNull("the completion is answered");
        }
    }

    /// <summary>The server needs a moment to see that the connection of the holder is gone.</summary>
    private static async Task<HubUpload> OnceFree(HubPeer peer, WriteRequest request)
    {
        HubUpload? upload = null;
        await Eventually.True(
            async () =>
            {
                upload = await peer.WriteAsync(request);
                return true;
            },
            "the lease of the writer that died is free");
        return upload!;
    }

    private static async Task<RelayException> Refused(HubPeer peer, WriteRequest request)
    {
        var act = async () => (await peer.WriteAsync(request)).Dispose();
        return RelayException.FromWire((await act.Should().ThrowAsync<HubException>()).Which.Message);
    }

    private static async Task<RelayException> ReadRefused(HubPeer peer, ReadRequest request)
    {
        var act = () => peer.ReadAsync(request);
        return RelayException.FromWire((await act.Should().ThrowAsync<HubException>()).Which.Message);
    }

    private static async Task<string> CursorAfter(HubPeer peer, string session)
    {
        var cursor = "";
        await foreach (var batch in peer.Connection.StreamAsync<LogBatch>(HubRoutes.Read, new ReadRequest { Session = session, Follow = false }))
        {
            cursor = batch.Cursor;
        }

        return cursor;
    }

    private static string Text(IEnumerable<LogEntry> entries) =>
        string.Concat(entries.Where(entry => entry.Kind == LogEntryKind.Data).Select(entry => Encoding.UTF8.GetString(entry.Data.Span)));

    private async Task<string> TextOf(string session) => Encoding.UTF8.GetString(await Relay.Api.ReadAll(session));
}
