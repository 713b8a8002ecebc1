using System.Diagnostics;
using FluentAssertions;
using Relay.Client;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Faults;

/// <summary>The clients of Relay.Client, over connections that are cut after each byte of what they say and are told.</summary>
[Trait("Category", "Faults")]
public sealed class CutConnectionTests(SharedRelay shared, ITestOutputHelper log) : IClassFixture<SharedRelay>
{
    private RelayHost Relay => shared.Host;

    [Fact]
    public async Task A_writer_cut_at_every_byte_stores_every_byte_once()
    {
        var started = Stopwatch.GetTimestamp();
        var cuts = new CutExchange(Relay, CutExchange.Reset, CutExchange.Fin, CutExchange.UnseenByServer);

        await cuts.CutEverywhere(WriteAsync);

        FaultRun.Report(log, "connection cut at every byte of a write exchange", $"{cuts.Made} cuts", "0 bytes lost, 0 doubled, all verified", started);
    }

    [Fact]
    public async Task A_reader_cut_at_every_byte_gets_every_byte_once()
    {
        var started = Stopwatch.GetTimestamp();
        var session = await CutRun.StoreAsync(Relay);
        var cuts = new CutExchange(Relay, CutExchange.Reset, CutExchange.Fin, CutExchange.UnseenByServer);

        await cuts.CutEverywhere(url => ReadAsync(url, session));

        FaultRun.Report(log, "connection cut at every byte of a read exchange, finished session", $"{cuts.Made} cuts", "0 bytes lost, 0 doubled, end and reason told", started);
    }

    [Fact]
    public async Task A_reader_cut_at_every_byte_gets_every_byte_of_a_job_under_way_once()
    {
        var started = Stopwatch.GetTimestamp();
        var cuts = new CutExchange(Relay, CutExchange.Reset, CutExchange.Fin, CutExchange.UnseenByServer);

        await cuts.CutEverywhere(async url =>
        {
            var session = await Relay.Api.CreateSession();
            var reading = ReadAsync(url, session);
            await using var peer = await HubPeer.ConnectAsync(Relay);
            using var upload = await peer.WriteAsync(new WriteRequest { Session = session, RunId = "run" });
            foreach (var item in CutRun.Items())
            {
                upload.Send(item);
            }

            await reading;
        });

        FaultRun.Report(log, "connection cut at every byte of a read exchange, live session", $"{cuts.Made} cuts", "0 bytes lost, 0 doubled, end and reason told", started);
    }

    private async Task WriteAsync(Uri url)
    {
        var session = RelayApi.NewId();
        using var client = ClientOf(url);
        await using var writer = client.OpenWriter(session, new WriterOptions { RunId = "run" });
        foreach (var (output, bytes) in CutRun.Pieces)
        {
            await writer.WriteAsync(output, bytes);
        }

        (await writer.CompleteAsync(CutRun.ExitCode)).IsVerified.Should().BeTrue("the writer is told so");
        await CutRun.ShouldBeStored(Relay, session);
    }

    private static async Task ReadAsync(Uri url, string session)
    {
        using var client = ClientOf(url);
        var read = OutputTypes.All.ToDictionary(output => output, _ => new MemoryStream());
        var last = default(LogEntry);
        await foreach (var entry in client.ReadAsync(session))
        {
            last.Kind.Should().NotBe(LogEntryKind.End, "nothing comes behind the end");
            entry.Kind.Should().BeOneOf(LogEntryKind.Data, LogEntryKind.End);
            if (entry.Kind == LogEntryKind.Data)
            {
                entry.Offset.Should().Be(read[entry.Output].Length, "entries are contiguous");
                entry.Sequence.Should().BeGreaterThan(last.Sequence);
                read[entry.Output].Write(entry.Data.Span);
            }

            last = entry;
        }

        read[OutputType.Stdout].ToArray().ShouldBeExactly(CutRun.Stdout, "stdout as it was read");
        read[OutputType.Stderr].ToArray().ShouldBeExactly(CutRun.Stderr, "stderr as it was read");
        last.Should().BeEquivalentTo(new { Kind = LogEntryKind.End, End = EndReason.Completed, ExitCode = CutRun.ExitCode });
        last.Totals.Should().BeEquivalentTo(CutRun.Totals);
    }

    private static RelayClient ClientOf(Uri url) => new(new RelayClientOptions
    {
        Url = url,
        FirstRetryDelay = TimeSpan.FromMilliseconds(1),
        MaxRetryDelay = TimeSpan.FromMilliseconds(8),
    });
}
