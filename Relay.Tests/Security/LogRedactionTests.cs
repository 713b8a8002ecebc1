using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using FluentAssertions;
using Relay.Contracts;
using Relay.Server;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Security;

/// <summary>The relay masks what writers did not: over every transport, without moving a byte.</summary>
public sealed class LogRedactionTests : IAsyncLifetime
{
    private const string Key = "AKIAIOSFODNN7EXAMPLE";
    private const string Text = $"key {Key}, then\n";
    private const string Masked = "key ********************, then\n";

    private RelayHost _relay = null!;
    private string _session = "";

    public async Task InitializeAsync()
    {
        _relay = await RelayHost.StartAsync(options =>
        {
            options.Settings["Redaction:Enabled"] = "true";
            options.Settings["Storage:Fsync"] = "Os"; // No sync wakes the acknowledgements of what the clock appends.
        });
        _session = await _relay.Api.CreateSession();
    }

    public async Task DisposeAsync() => await _relay.DisposeAsync();

    [Fact]
    public async Task Over_the_hub_offsets_stay_and_the_verdict_is_not_a_mismatch()
    {
        await using var peer = await HubPeer.ConnectAsync(_relay);
        using var upload = await peer.WriteAsync(new WriteRequest { Session = _session, RunId = "run", Attempt = 1 });
        upload.Send(OutputType.Stdout, 0, Bytes(Text[..10]));
        await upload.WrittenAsync(OutputType.Stdout, 4);
        upload.Send(OutputType.Stdout, 0, Bytes(Text[..14])); // Sent again, and more: a part of it is held.
        upload.Send(OutputType.Stdout, 12, Bytes(Text[12..]));
        await upload.WrittenAsync(OutputType.Stdout, Text.Length);
        upload.Send(new WriteItem
        {
            Kind = WriteItemKind.Complete,
            ExitCode = 0,
            Totals = [new OutputTotal(OutputType.Stdout, Text.Length, Crc32C.Append(0, Bytes(Text)))],
        });
        while (upload.Ack.Kind != WriteAckKind.Completed)
        {
            await upload.NextAsync();
        }

        (await Stored()).Should().Be(Masked);
        var status = (await _relay.Api.Status(_session))!.Outputs["stdout"];
        (status.Verdict, status.Bytes).Should().Be(("unchecked", Text.Length));
    }

    [Fact]
    public async Task Without_a_secret_the_verdict_is_as_ever()
    {
        (await _relay.Api.Put(_session, "stdout", Bytes("nothing\n"), "?offset=0&run=r")).Dispose();
        using var good = await _relay.Api.Send(HttpMethod.Post, $"{RelayApi.SessionPath(_session)}/complete", Json($"{{\"run\":\"r\",\"totals\":{{\"stdout\":{{\"bytes\":8,\"crc32c\":{Crc32C.Append(0, Bytes("nothing\n"))}}}}}}}"));

        (await good.Content.ReadAsStringAsync()).Should().Contain("verified");
    }

    [Fact]
    public async Task A_wrong_count_is_still_a_mismatch()
    {
        (await _relay.Api.Put(_session, "stdout", Bytes(Text), "?offset=0&run=r")).Dispose();
        using var answer = await _relay.Api.Send(HttpMethod.Post, $"{RelayApi.SessionPath(_session)}/complete", Json("""{"run":"r","totals":{"stdout":{"bytes":1,"crc32c":1}}}"""));

        (await answer.Content.ReadAsStringAsync()).Should().Contain("mismatch");
    }

    [Fact]
    public async Task Over_a_raw_WebSocket_a_secret_in_two_messages_is_masked()
    {
        await using var writer = await _relay.Api.Writer(_session);
        await writer.Send(Text[..10]);
        await writer.Send(Text[10..]);
        await writer.Close();

        (await Stored()).Should().Be(Masked);
    }

    [Fact]
    public async Task A_raw_WebSocket_that_vanishes_in_the_middle_has_what_it_sent_decided_and_kept()
    {
        using (var socket = await RawTcp.ConnectWebSocket(_relay.BaseAddress, RelayApi.WritePath(_session)))
        {
            await socket.SendTextFrame(Text[..10]);
            await Eventually.True(async () => (await Stored()).Length >= 4, "what is no secret is stored");
            socket.Vanish();
        }

        await Eventually.True(async () => await Stored() == Text[..10], "what could not be a whole key is kept");
    }

    [Fact]
    public async Task What_is_held_behind_a_refused_append_is_not_stored_behind_the_hole()
    {
        await using var relay = await RelayHost.StartAsync(options =>
        {
            options.Settings["Redaction:Enabled"] = "true";
            options.Settings["Storage:WhenFull"] = "Refuse";
            options.Settings["Storage:MaxSessionBytes"] = "100000";
        });
        var session = await relay.Api.CreateSession();
        await relay.Api.Append(session, new byte[60_000]);
        await using (var writer = await relay.Api.Writer(session))
        {
            await writer.Send(Bytes(new string('B', 45_000) + "\nTAIL password=tail"));
            await writer.WaitForEnd();
        }

        await Eventually.True(async () => (await relay.Api.Status(session))!.Outputs["stdout"].Writer is null, "the writer is gone");
        (await relay.Api.Status(session))!.Outputs["stdout"].Bytes.Should().Be(60_000);
    }

    [Fact]
    public async Task A_PUT_is_answered_when_all_of_it_is_decided_and_stored()
    {
        using var answer = await _relay.Api.Put(_session, "stdout", Bytes($"a {Key}"));

        (await answer.Content.ReadAsStringAsync()).Should().Contain("\"offset\":22");
        (await Stored()).Should().Be("a ********************");
    }

    [Fact]
    public async Task A_PUT_with_an_offset_that_is_cut_off_in_a_secret_stores_it_once_and_masked_when_it_is_sent_again()
    {
        using (var cut = await RawTcp.Connect(_relay.BaseAddress))
        {
            await cut.Send($"PUT {RelayApi.WritePath(_session)}?offset=0&run=r HTTP/1.1\r\nHost: localhost\r\nContent-Length: {Text.Length}\r\n\r\n{Text[..10]}");
            await Eventually.True(async () => (await Stored()).Length >= 4, "what is no secret is stored");
            cut.Vanish();
        }

        await Eventually.True(async () => (await _relay.Api.Status(_session))!.Outputs["stdout"].Writer is null, "the lease is free");
        (await Stored()).Should().Be("key ", "the rest is sent again");
        using var again = await _relay.Api.Put(_session, "stdout", Bytes(Text), "?offset=0&run=r");
        again.StatusCode.Should().Be(HttpStatusCode.OK);
        (await Stored()).Should().Be(Masked);
        using var twice = await _relay.Api.Put(_session, "stdout", Bytes(Text), "?offset=0&run=r");
        (await Stored()).Should().Be(Masked);
    }

    [Fact]
    public async Task An_offset_beyond_what_was_sent_is_refused_and_a_gap_comes_behind_what_was_held()
    {
        await using var peer = await HubPeer.ConnectAsync(_relay);
        using (var upload = await peer.WriteAsync(new WriteRequest { Session = _session, RunId = "run", Attempt = 1 }))
        {
            upload.Send(OutputType.Stdout, 0, Bytes("a eyJ"));
            upload.Send(new WriteItem { Kind = WriteItemKind.Gap, Output = OutputType.Stdout, Offset = 5, Length = 100 });
            upload.Send(OutputType.Stdout, 105, Bytes("b eyJ"));
            upload.Send(OutputType.Stdout, 111, Bytes("c"));
            (await upload.RefusalAsync()).Code.Should().Be(RelayErrorCode.OffsetMismatch);
        }

        (await peer.ReadAsync(new ReadRequest { Session = _session, Follow = false })).Where(entry => entry.Kind is LogEntryKind.Data or LogEntryKind.Gap)
            .Select(entry => (entry.Kind, entry.Offset)).Should().StartWith([(LogEntryKind.Data, 0L), (LogEntryKind.Data, 2L), (LogEntryKind.Gap, 5L), (LogEntryKind.Data, 105L)]);
    }

    [Fact]
    public async Task An_ordinary_line_is_stored_at_once_and_what_is_held_after_a_second_of_silence()
    {
        await using var peer = await HubPeer.ConnectAsync(_relay);
        using var upload = await peer.WriteAsync(new WriteRequest { Session = _session, RunId = "run", Attempt = 1 });
        upload.Send(OutputType.Stdout, 0, Bytes("a line\nhttp://etl:pa"));
        await upload.WrittenAsync(OutputType.Stdout, 11);
        upload.Ack.Outputs.Single(output => output.Output == OutputType.Stdout).WrittenTo.Should().BeLessThan(20);
        await upload.WrittenAsync(OutputType.Stdout, 20); // Acknowledged though nothing more is sent.

        (await Stored()).Should().Be("a line\nhttp://etl:pa");
    }

    [Fact]
    public async Task Secrets_are_counted_by_rule_and_by_nothing_else()
    {
        var counted = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, it) =>
            {
                if (instrument.Name == "relay.secrets.masked")
                {
                    it.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, count, tags, _) =>
        {
            lock (counted)
            {
                counted.Add($"{count} {string.Join(",", tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))}");
            }
        });
        listener.Start();

        await _relay.Api.Append(_session, Bytes($"{Text}redis://:pw@cache/\n"));

        counted.Should().Contain(["1 rule=aws-access-key", "1 rule=url-password"]);
        counted.Should().OnlyContain(count => !count.Contains(',') && count.Contains(" rule="));
    }

    [Fact]
    public async Task Own_words_and_regexes_are_settings()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["words"], "correct-horse\n");
        await using var relay = await RelayHost.StartAsync(options =>
        {
            options.Settings["Redaction:Enabled"] = "true";
            options.Settings["Redaction:WordsFile"] = folder["words"];
            options.Settings["Redaction:Regexes:0"] = "id-(?<secret>[0-9]+)";
            options.Settings["Redaction:MinLength"] = "3";
        });
        var session = await relay.Api.CreateSession();
        await relay.Api.Append(session, Bytes("correct-horse id-12 id-123"));

        Encoding.ASCII.GetString(await relay.Api.ReadAll(session)).Should().Be("************* id-12 id-***");
    }

    [Fact]
    public async Task Off_it_changes_nothing()
    {
        await using var relay = await RelayHost.StartAsync();
        var session = await relay.Api.CreateSession();
        await relay.Api.Append(session, Bytes(Text));

        (await relay.Api.ReadAll(session)).Should().Equal(Bytes(Text));
    }

    [Fact]
    public void Rules_that_cannot_be_used_keep_the_relay_from_starting_with_a_line_each()
    {
        var build = () => RelayApplication.Build(
            ["--Redaction:Enabled", "true", "--Redaction:WordsFile", "/nowhere/words", "--Redaction:Regexes:0", "(a)\\1", "--Redaction:MinLength", "0", "--Redaction:Regexes:1", "b(?!c)"]);

        build.Should().Throw<StartupException>().Which.Faults.Should().SatisfyRespectively(
            fault => fault.Should().Be("Redaction:MinLength must be between 1 and 1024; it is 0."),
            fault => fault.Should().StartWith("Redaction:WordsFile: The file of words cannot be read"),
            fault => fault.Should().StartWith("Redaction:Regexes: The regular expression '(a)\\1' refers back"),
            fault => fault.Should().StartWith("Redaction:Regexes: The regular expression 'b(?!c)' looks around"));
    }

    [Theory]
    [InlineData("Redaction:WordsFile", "x", "Redaction:WordsFile is set, but Redaction:Enabled is false")]
    [InlineData("Redaction:Regexes", "x", "Redaction:Regexes is a list")]
    [InlineData("Redaction:Enabled", "yes", "Redaction:Enabled must be true or false; it is 'yes'.")]
    public void Settings_that_would_mask_nothing_are_refused(string key, string value, string message)
    {
        var build = () => RelayApplication.Build([$"--{key}", value]);

        build.Should().Throw<StartupException>().Which.Faults.Should().ContainSingle().Which.Should().StartWith(message);
    }

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private async Task<string> Stored() => Encoding.ASCII.GetString(await _relay.Api.ReadAll(_session));
}
