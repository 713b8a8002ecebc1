using System.Buffers;
using System.Text.Json;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Relay.Contracts;
using Relay.Contracts.Protocol;
using Xunit;

namespace Relay.Tests.Contracts;

/// <summary>Values of every type that crosses the hub, and short words for encoding, decoding and comparing them.</summary>
internal static class Samples
{
    public const long MaxSafeInteger = (1L << 53) - 1;

    public static readonly MessagePackHubProtocol Protocol = new();

    public static readonly IReadOnlyDictionary<string, object> Values = new Dictionary<string, object>(StringComparer.Ordinal)
    {
        ["WriteRequest"] = new WriteRequest
        {
            Session = "nightly",
            RunId = "run-1",
            Attempt = 3,
            Outputs = [OutputType.Stdout, OutputType.Stderr],
            Incarnation = MaxSafeInteger,
        },
        ["WriteRequest, defaults"] = new WriteRequest(),
        ["WriteItem, data"] = new WriteItem { Kind = WriteItemKind.Data, Output = OutputType.Stderr, Offset = 1L << 40, Data = Bytes(70_000) },
        ["WriteItem, no data"] = new WriteItem { Kind = WriteItemKind.Data, Output = OutputType.Stdout },
        ["WriteItem, gap"] = new WriteItem { Kind = WriteItemKind.Gap, Output = OutputType.Stdout, Offset = 5, Length = 1L << 33 },
        ["WriteItem, complete"] = new WriteItem { Kind = WriteItemKind.Complete, ExitCode = -1, Totals = [new(OutputType.Stdout, 10, uint.MaxValue), default] },
        ["WriteAck, grant"] = new WriteAck { Kind = WriteAckKind.Grant, Outputs = [Progress, default], Incarnation = 77, FencingNumber = 12, Window = 64 },
        ["WriteAck, progress"] = new WriteAck { Kind = WriteAckKind.Progress, Outputs = [Progress] },
        ["Progress"] = Progress,
        ["Total"] = new OutputTotal(OutputType.Stderr, 123_456_789_012, 0xE3069283),
        ["ReadRequest"] = new ReadRequest
        {
            Session = "schön ✓",
            Outputs = [OutputType.Stderr],
            Start = ReadStart.Cursor,
            Cursor = "c.1",
            TailLines = 9,
            SinceMicros = 1_700_000_000_000_000,
            Follow = false,
        },
        ["ReadRequest, defaults"] = new ReadRequest(),
        ["LogBatch"] = new LogBatch { Cursor = "c.2", Entries = [.. Enumerable.Range(0, 20).Select(Entry), Gap, End] },
        ["LogBatch, empty"] = new LogBatch { Cursor = "c.3" },
        ["Entry, data"] = Entry(300),
        ["Entry, gap"] = Gap,
        ["Entry, diverged"] = new LogEntry { Kind = LogEntryKind.Diverged, Sequence = 41, Totals = [] },
        ["Entry, end"] = End,
        ["LinesRequest"] = new LinesRequest { Session = "s", Outputs = [OutputType.Stderr], First = -500, Count = LinePage.MaxLines, At = [0, 1L << 40] },
        ["LinesRequest, defaults"] = new LinesRequest(),
        ["LinePage"] = new LinePage
        {
            Cursor = "c.9",
            Outputs = [new OutputPlace { Output = OutputType.Stdout, Lines = 1L << 40, Offset = MaxSafeInteger, FirstLine = 3, Open = Line(5) }, new OutputPlace { Output = OutputType.Stderr }],
            Entries = [Line(1), new PageEntry { Kind = LogEntryKind.Gap, Output = OutputType.Stderr, Offset = 5, Length = 1L << 33, Gap = GapReason.Corrupt }, Line(2)],
        },
        ["LinePage, defaults"] = new LinePage(),
        ["SearchRequest"] = new SearchRequest
        {
            Session = "s",
            Outputs = [OutputType.Stdout],
            Pattern = "é.*✓",
            IsRegex = true,
            MatchCase = true,
            MinLevel = LineLevel.Fatal,
            From = -1,
            Backwards = true,
            Limit = 3,
            WithLines = true,
        },
        ["SearchRequest, defaults"] = new SearchRequest(),
        ["SearchBatch"] = new SearchBatch { Positions = [0, 70_000, MaxSafeInteger], Lines = [Line(3)], Searched = 1L << 33, Total = 1L << 34, Next = 12, End = SearchEnd.Time },
        ["SessionsRequest"] = new SessionsRequest(),
        ["SessionsBatch"] = new SessionsBatch
        {
            Changed =
            [
                new SessionStatus
                {
                    SessionId = "é✓",
                    State = "completed",
                    CreatedAt = DateTimeOffset.UnixEpoch.AddMilliseconds(5),
                    LastActivityAt = DateTimeOffset.UnixEpoch.AddDays(20_000),
                    ExpiresAt = DateTimeOffset.UnixEpoch.AddDays(20_001),
                    Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["team"] = "data", [""] = "" },
                    Outputs = new Dictionary<string, OutputStatus>(StringComparer.Ordinal)
                    {
                        ["stdout"] = new() { State = "ended", Bytes = 1L << 50, Lines = 7, FirstOffset = 3, Crc32C = uint.MaxValue, IsWriterLost = true, Verdict = "verified", WriterBytes = 1, WriterCrc32C = 2, WriterOffset = 0 },
                        ["stderr"] = new() { State = "open", Writer = "run-1" },
                    },
                    Readers = 4,
                    ExitCode = -1,
                    CompletedAt = DateTimeOffset.UnixEpoch.AddDays(19_999),
                },
                new SessionStatus { CreatedAt = DateTimeOffset.UnixEpoch, LastActivityAt = DateTimeOffset.UnixEpoch },
            ],
            Gone = [new GoneSession("gone", EndReason.Expired)],
            IsComplete = true,
        },
        ["WatchRequest"] = new WatchRequest { Session = new string('x', 256), Outputs = [OutputType.Stdout] },
        ["PresenceEvent"] = new PresenceEvent { Kind = PresenceKind.SessionCompleted, Session = "s", TimeMicros = 4, ExitCode = int.MinValue },
        ["string"] = new string('é', 40_000),
        ["byte[]"] = Bytes(300),
        ["int"] = -40_000,
        ["long"] = long.MinValue,
        ["double"] = -0.5,
        ["bool"] = true,
    };

    public static TheoryData<string> Names => [.. Values.Keys];

    private static OutputProgress Progress => new()
    {
        Output = OutputType.Stdout,
        WrittenTo = 1L << 50,
        DurableTo = 1L << 20,
        Base = 100,
        Stored = 64,
        Verdict = Verdict.Mismatch,
    };

    private static LogEntry Gap => new()
    {
        Kind = LogEntryKind.Gap,
        Output = OutputType.Stdout,
        Offset = 10,
        Sequence = 8,
        TimeMicros = 2,
        Length = 90,
        Gap = GapReason.LostByWriter,
    };

    private static LogEntry End => new()
    {
        Kind = LogEntryKind.End,
        Sequence = 9,
        TimeMicros = 3,
        End = EndReason.Completed,
        ExitCode = 0,
        Totals = [new(OutputType.Stdout, 12, 1)],
    };

    /// <summary>Every kind of hub message, carrying the value where the kind carries one.</summary>
    public static IEnumerable<HubMessage> MessagesWith(object value)
    {
        yield return new InvocationMessage(null, "Presence", [value]);
        yield return new InvocationMessage("1", "Watch", [value]);
        yield return new InvocationMessage("1", "Write", [value], ["2", "3"]) { Headers = Headers };
        yield return new StreamInvocationMessage("4", "Read", [value], ["5"]);
        yield return new StreamInvocationMessage("4", "Read", [value]) { Headers = Headers };
        yield return new StreamItemMessage("5", value);
        yield return new StreamItemMessage("5", value) { Headers = Headers };
        yield return CompletionMessage.WithResult("6", value);
        yield return CompletionMessage.WithError("6", "offset_mismatch: 5");
        yield return CompletionMessage.Empty("6");
        yield return new CancelInvocationMessage("4") { Headers = Headers };
        yield return PingMessage.Instance;
        yield return CloseMessage.Empty;
        yield return new CloseMessage("stopping", allowReconnect: true);
        yield return new CloseMessage(null, allowReconnect: true);
        yield return new AckMessage(1394);
        yield return new SequenceMessage(1L << 40);
    }

    public static byte[] Encode(HubMessage message) => Protocol.GetMessageBytes(message).ToArray();

    /// <summary>The one message in the bytes; they must hold exactly one.</summary>
    public static HubMessage Decode(byte[] frame, IInvocationBinder binder) => Decode(new ReadOnlySequence<byte>(frame), binder);

    public static HubMessage Decode(ReadOnlySequence<byte> input, IInvocationBinder binder)
    {
        Protocol.TryParseMessage(ref input, binder, out var message).Should().BeTrue("the frame is whole");
        input.IsEmpty.Should().BeTrue("the frame holds nothing else");
        return message!;
    }

    /// <summary>Encodes nothing but the body given as hex, behind its length.</summary>
    public static byte[] Frame(string hexBody)
    {
        var body = Hex(hexBody);
        body.Length.Should().BeLessThan(128, "the helper writes a length of one byte");
        return [(byte)body.Length, .. body];
    }

    public static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    /// <summary>All that a message says, as text: two messages are equal if their texts are.</summary>
    public static string Describe(HubMessage message) =>
        message.GetType().Name + " " + JsonSerializer.Serialize(message switch
        {
            InvocationBindingFailureMessage failure => new { failure.InvocationId, failure.Target, Failure = failure.BindingFailure.SourceException.Message },
            StreamBindingFailureMessage failure => new { failure.Id, Failure = failure.BindingFailure.SourceException.Message },
            _ => (object)message,
        });

    private static Dictionary<string, string> Headers => new(StringComparer.Ordinal) { ["x"] = "y", ["trace"] = "" };

    private static PageEntry Line(int i) => new()
    {
        Kind = LogEntryKind.Data,
        Number = i,
        Index = i * 2L,
        Output = OutputType.Stderr,
        Offset = 1L << 40,
        Length = 100_000,
        TimeMicros = 1_700_000_000_000_000,
        Head = Bytes(i),
        Tail = Bytes(300),
        Omitted = 99_000,
        Ends = true,
        Redraws = 17,
    };

    private static LogEntry Entry(int i) => new()
    {
        Kind = LogEntryKind.Data,
        Output = OutputType.Stdout,
        Offset = i * 1000L,
        Sequence = i + 1,
        TimeMicros = 1_700_000_000_000_000 + i,
        Data = Bytes(i),
    };

    private static byte[] Bytes(int count) => [.. Enumerable.Range(0, count).Select(i => (byte)(i * 7))];
}

/// <summary>Binds every target, stream and result to the given types; a target or id called <c>unknown</c> is not known.</summary>
internal sealed class Binder(params Type[] types) : IInvocationBinder
{
    public static Binder For(object value) => new(value.GetType());

    public IReadOnlyList<Type> GetParameterTypes(string methodName) => Known(methodName, types);

    public Type GetStreamItemType(string streamId) => Known(streamId, types[0]);

    public Type GetReturnType(string invocationId) => Known(invocationId, types[0]);

    private static T Known<T>(string name, T value) => name == "unknown" ? throw new HubException("Not known.") : value;
}
