using System.Diagnostics;
using System.Net;
using System.Net.WebSockets;
using System.Text.RegularExpressions;
using FluentAssertions;
using Relay.Client;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Server.Storage.Embedded;
using Relay.Tests.Storage;
using Relay.Tests.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Relay.Tests.Faults;

/// <summary>Retention overtakes readers of every kind: each is told exactly which bytes it missed, and goes on at the first that is kept.</summary>
public sealed partial class TrimmedReadersTests(ITestOutputHelper output)
{
    private const int Line = 100;
    private const int Written = 24 * 1024 * 1024 / Line * Line;

    [Fact]
    public async Task A_reader_at_any_place_is_told_just_the_bytes_that_retention_took()
    {
        var started = Stopwatch.GetTimestamp();
        var seeds = FaultRun.Size(40, 2000);
        var gaps = 0;
        await Seeds.ForEachInParallel(seeds, async seed =>
        {
            await using var history = new TrimHistory(new Random(seed));
            for (var i = 0; i < 200; i++)
            {
                await history.Step();
            }

            Interlocked.Add(ref gaps, history.Gaps);
        });
        gaps.Should().BeGreaterThan(seeds, "readers are overtaken");
        FaultRun.Report(output, "trimming overtakes a reader", $"{seeds} seeds", $"{gaps} gaps, each exact", started);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("binary")]
    [InlineData("http")]
    [InlineData("hub")]
    public async Task An_attached_reader_that_is_overtaken_learns_where_to_go_on(string kind)
    {
        await using var relay = await RelayHost.StartAsync(options =>
        {
            options.Settings["Storage:SegmentBytes"] = "1048576";
            options.Settings["Storage:MaxSessionBytes"] = "3000000";
            options.Settings["Streaming:SendTimeout"] = "00:05:00";
        });
        var session = await relay.Api.CreateSession();
        await relay.Api.Append(session, Lines(0, Line));
        var pieces = kind switch
        {
            "hub" => await ReadHub(relay, session),
            "http" => await ReadHttp(relay, session),
            _ => await ReadSocket(relay, session, kind),
        };

        var status = (await relay.Api.Status(session))!.Outputs["stdout"];
        var next = 0L;
        foreach (var (from, bytes) in pieces)
        {
            from.Should().BeGreaterThanOrEqualTo(next, "nothing comes twice");
            bytes.AsSpan().SequenceEqual(Lines(from, bytes.Length)).Should().BeTrue("what comes is what stands there");
            next = from + bytes.Length;
        }

        next.Should().Be(Written);
        pieces.Should().HaveCountGreaterThan(1, "it was overtaken");
        pieces[^1].From.Should().Be(status.FirstOffset, "the gap ends where what is kept begins");
    }

    private static async Task<List<(long From, byte[] Bytes)>> ReadSocket(RelayHost relay, string session, string format)
    {
        await using var reader = await relay.Api.Reader(session, query: $"?format={format}");
        await Overtake(relay, session);
        var first = (await reader.ReceiveToClose()).SelectMany(message => message.Bytes).ToArray();
        reader.CloseStatus.Should().Be((WebSocketCloseStatus)4410);
        var (from, to) = Missing(reader.CloseReason!);
        from.Should().Be(first.Length, "the gap begins where this reader stood");
        to = (await relay.Api.Status(session))!.Outputs["stdout"].FirstOffset is var kept && kept > to ? await Retry(relay, session, format, to) : to;
        await using var again = await relay.Api.Reader(session, query: $"?format={format}&from={to}");
        var rest = (await again.ReceiveBytes(Written - to)).SelectMany(message => message.Bytes).ToArray();
        return [(0, first), (to, rest)];
    }

    /// <summary>More was taken since the close: the reader is told so at once.</summary>
    private static async Task<long> Retry(RelayHost relay, string session, string format, long from)
    {
        await using var reader = await relay.Api.Reader(session, query: $"?format={format}&from={from}");
        (await reader.ReceiveToClose()).Should().BeEmpty();
        var (first, to) = Missing(reader.CloseReason!);
        first.Should().Be(from);
        return to;
    }

    private static async Task<List<(long From, byte[] Bytes)>> ReadHttp(RelayHost relay, string session)
    {
        using var answer = await relay.Http.GetAsync(RelayApi.ReadPath(session, query: "?follow=true"), HttpCompletionOption.ResponseHeadersRead);
        using var body = await answer.Content.ReadAsStreamAsync();
        var first = new MemoryStream();
        await Overtake(relay, session);
        var read = () => Eventually.Done(body.CopyToAsync(first), "the body ends");
        (await read.Should().ThrowAsync<Exception>("a body that is not whole is aborted")).Which.Should().NotBeOfType<TimeoutException>();

        using var refused = await relay.Api.Send(HttpMethod.Get, RelayApi.ReadPath(session, query: $"?from={first.Length}"));
        var (from, to) = Missing((await Problem.Of(refused, HttpStatusCode.Gone, "bytes_missing")).Detail);
        from.Should().Be(first.Length);
        return [(0, first.ToArray()), (to, await relay.Api.ReadAll(session, query: $"?from={to}"))];
    }

    private static async Task<List<(long From, byte[] Bytes)>> ReadHub(RelayHost relay, string session)
    {
        using var client = new RelayClient(relay.BaseAddress);
        using var done = new CancellationTokenSource();
        var pieces = new List<(long From, MemoryStream Bytes)> { (0, new MemoryStream()) };
        var overtaken = false;
        await foreach (var entry in client.ReadAsync(session, new ReadOptions { Outputs = [OutputType.Stdout] }, done.Token))
        {
            if (!overtaken)
            {
                await Overtake(relay, session); // This reader gives no credit meanwhile.
                overtaken = true;
            }

            var (from, bytes) = pieces[^1];
            entry.Offset.Should().Be(from + bytes.Length, "bytes and gaps follow each other without a hole");
            if (entry.Kind == LogEntryKind.Gap)
            {
                entry.Gap.Should().Be(GapReason.Trimmed);
                pieces.Add((entry.Offset + entry.Length, new MemoryStream()));
                continue;
            }

            bytes.Write(entry.Data.Span);
            if (from + bytes.Length == Written)
            {
                break;
            }
        }

        return [.. pieces.Select(piece => (piece.From, piece.Bytes.ToArray()))];
    }

    private static async Task Overtake(RelayHost relay, string session)
    {
        for (var at = Line; at < Written; at += 1_000_000)
        {
            await relay.Api.Append(session, Lines(at, Math.Min(1_000_000, Written - at)));
        }
    }

    private static byte[] Lines(long from, int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++)
        {
            var at = from + i;
            bytes[i] = at % Line == Line - 1 ? (byte)'\n' : (byte)('a' + (at / Line % 23) + (at % 3));
        }

        return bytes;
    }

    private static (long From, long To) Missing(string text)
    {
        var match = MissingBytes().Match(text);
        match.Success.Should().BeTrue(text);
        var to = long.Parse(match.Groups["on"].Value, System.Globalization.CultureInfo.InvariantCulture);
        long.Parse(match.Groups["last"].Value, System.Globalization.CultureInfo.InvariantCulture).Should().Be(to - 1);
        return (long.Parse(match.Groups["first"].Value, System.Globalization.CultureInfo.InvariantCulture), to);
    }

    [GeneratedRegex(@"Read on with \?from=(?<on>\d+): bytes (?<first>\d+) to (?<last>\d+) of stdout", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex MissingBytes();

    /// <summary>A session that is written to and trimmed under readers at random places.</summary>
    private sealed class TrimHistory(Random random) : IAsyncDisposable
    {
        private readonly SimulatedDisk _disk = new();
        private readonly FakeTime _time = new();
        private readonly StorageOptions _options = new() { DataFolder = "/data", SegmentBytes = 64 * 1024, HotTailBytes = 64 * 1024 };
        private readonly Dictionary<OutputType, List<byte>> _written = new() { [OutputType.Stdout] = [], [OutputType.Stderr] = [] };
        private readonly List<Follower> _followers = [];
        private EmbeddedLogStore? _store;
        private EmbeddedSessionLog? _log;
        private WriterLease? _lease;
        private int _runs;

        public int Gaps { get; private set; }

        public async Task Step()
        {
            await Open();
            _time.Advance(TimeSpan.FromSeconds(1));
            switch (random.Next(12))
            {
                case < 5:
                    for (var i = random.Next(1, 12); i > 0; i--)
                    {
                        await Write();
                    }

                    break;
                case 5:
                    Attach();
                    break;
                case 6:
                    await _log!.MakeDurable();
                    _log!.TrimTo(random.Next(1, 400_000));
                    break;
                case 7 when random.Next(3) == 0:
                    await Restart();
                    break;
                default:
                    ReadSome();
                    break;
            }
        }

        public async ValueTask DisposeAsync()
        {
            _followers.ForEach(follower => follower.Reader.Dispose());
            if (_store is { } store)
            {
                await store.DisposeAsync();
            }
        }

        private async Task Open()
        {
            if (_store is null)
            {
                _store = StoreOnDisk.Open(_options, _time, new LogLines(), _disk.Mount());
                _log = (EmbeddedSessionLog)(await _store.FindAsync("nightly", CancellationToken.None) ?? await _store.NewSession());
                _lease = await _log.Lease($"run-{_runs++}");
            }
        }

        private async Task Write()
        {
            var to = random.Next(3) == 0 ? OutputType.Stderr : OutputType.Stdout;
            var bytes = LogSteps.Noise(random.Next(1, 9000), random.Next());
            _written[to].AddRange(bytes);
            await _log!.Write(_lease!, bytes, to);
        }

        private void Attach()
        {
            var length = _written[OutputType.Stdout].Count;
            var offset = random.Next(length + 1);
            ReadFrom from = random.Next(4) switch
            {
                0 => ReadFrom.Start,
                1 => new ReadFrom.Offset(OutputType.Stdout, offset),
                2 => new ReadFrom.LastLines(random.Next(1, 500), [OutputType.Stdout]),
                _ => new ReadFrom.Tail(),
            };
            long? stands = from switch
            {
                ReadFrom.Offset => offset,
                ReadFrom.Tail => length,
                ReadFrom.LastLines => null,
                _ => 0,
            };
            _followers.Add(new Follower(_log!.OpenReader(from)) { Stdout = stands, Stderr = from switch { ReadFrom.Tail => _written[OutputType.Stderr].Count, _ => from == ReadFrom.Start ? 0 : null } });
        }

        private void ReadSome()
        {
            if (_followers.Count == 0)
            {
                return;
            }

            var follower = _followers[random.Next(_followers.Count)];
            if (random.Next(4) == 0)
            {
                follower.Reattach(_log!);
            }

            var entries = new List<LogEntry>();
            for (var i = random.Next(1, 30); i > 0 && follower.Reader.Read(entries, random.Next(1, 40_000)); i--)
            {
                entries.ForEach(entry => Check(follower, entry));
                entries.Clear();
            }
        }

        private void Check(Follower follower, LogEntry entry)
        {
            var stands = entry.Output == OutputType.Stdout ? follower.Stdout : follower.Stderr;
            entry.Offset.Should().Be(stands ?? entry.Offset, "it goes on where this reader stood");
            var next = entry.Offset + (entry.Kind == LogEntryKind.Gap ? entry.Length : entry.Data.Length);
            if (entry.Kind == LogEntryKind.Gap)
            {
                Gaps++;
                entry.Gap.Should().Be(GapReason.Trimmed);
                next.Should().Be(_log!.Snapshot()[entry.Output].FirstOffset, "the gap ends at the first byte that is kept");
            }
            else
            {
                entry.Data.ToArray().Should().Equal(_written[entry.Output].Skip((int)entry.Offset).Take(entry.Data.Length));
            }

            if (entry.Output == OutputType.Stdout)
            {
                follower.Stdout = next;
            }
            else
            {
                follower.Stderr = next;
            }
        }

        private async Task Restart()
        {
            if (random.Next(2) == 0)
            {
                _disk.Mount();
            }

            var store = _store!;
            _store = null;
            await store.DisposeAsync();
            await Open();
            _followers.ForEach(follower => follower.Reattach(_log!));
        }

        private sealed class Follower(ILogReader reader)
        {
            public ILogReader Reader { get; private set; } = reader;

            public long? Stdout { get; set; }

            public long? Stderr { get; set; }

            /// <summary>Goes on with another reader, by cursor.</summary>
            public void Reattach(EmbeddedSessionLog log)
            {
                var cursor = Reader.Cursor;
                Reader.Dispose();
                Reader = log.OpenReader(new ReadFrom.After(cursor));
                Stdout = cursor.StdoutOffset; // What a reader of the last lines passes over is behind it for good.
                Stderr = cursor.StderrOffset;
            }
        }
    }
}
