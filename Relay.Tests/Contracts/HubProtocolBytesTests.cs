using FluentAssertions;
using Microsoft.AspNetCore.SignalR.Protocol;
using Relay.Contracts;
using Xunit;

namespace Relay.Tests.Contracts;

/// <summary>Bytes written down by hand, from the examples of HubProtocol.md and the tables of docs/protocol.md 6.1.</summary>
public sealed class HubProtocolBytesTests
{
    private static readonly Dictionary<string, HubMessage> Published = new(StringComparer.Ordinal)
    {
        ["96 01 80 a3 78797a a6 6d6574686f64 91 2a 90"] = new InvocationMessage("xyz", "method", [42]),
        ["96 01 80 c0 a6 6d6574686f64 91 2a 90"] = new InvocationMessage(null, "method", [42]),
        ["96 01 82 a1 78 a1 79 a1 7a a1 7a a3 78797a a6 6d6574686f64 91 2a 90"] =
            new InvocationMessage("xyz", "method", [42]) { Headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["x"] = "y", ["z"] = "z" } },
        ["96 04 80 a3 78797a a6 6d6574686f64 91 2a 90"] = new StreamInvocationMessage("xyz", "method", [42]),
        ["96 04 80 a3 78797a a6 6d6574686f64 91 2a 91 a1 31"] = new StreamInvocationMessage("xyz", "method", [42], ["1"]),
        ["94 02 80 a3 78797a 2a"] = new StreamItemMessage("xyz", 42),
        ["95 03 80 a3 78797a 01 a5 4572726f72"] = CompletionMessage.WithError("xyz", "Error"),
        ["94 03 80 a3 78797a 02"] = CompletionMessage.Empty("xyz"),
        ["95 03 80 a3 78797a 03 2a"] = CompletionMessage.WithResult("xyz", 42),
        ["93 05 80 a3 78797a"] = new CancelInvocationMessage("xyz"),
        ["91 06"] = PingMessage.Instance,
        ["93 07 c0 c2"] = CloseMessage.Empty,
        ["93 07 a3 78797a c3"] = new CloseMessage("xyz", allowReconnect: true),
        ["92 08 24"] = new AckMessage(36),
        ["92 09 cc 80"] = new SequenceMessage(128),
    };

    /// <summary>Forms that others write and this codec reads.</summary>
    private static readonly Dictionary<string, HubMessage> Accepted = new(StringComparer.Ordinal)
    {
        ["95 01 80 a3 78797a a6 6d6574686f64 91 2a"] = new InvocationMessage("xyz", "method", [42]),
        ["95 01 80 a0 a6 6d6574686f64 91 2a"] = new InvocationMessage(null, "method", [42]),
        ["95 04 80 a3 78797a a6 6d6574686f64 91 2a"] = new StreamInvocationMessage("xyz", "method", [42]),
        ["92 07 a3 78797a"] = new CloseMessage("xyz"),
        ["92 07 c0"] = CloseMessage.Empty,
        ["91 07"] = CloseMessage.Empty,
        ["92 08 cc 24"] = new AckMessage(36),
        ["92 09 cc 13"] = new SequenceMessage(19),
        ["dc 0003 cc 05 de 0000 d9 03 78797a"] = new CancelInvocationMessage("xyz"),
        ["dd 00000002 06 c0"] = PingMessage.Instance,
        ["95 03 80 a3 78797a 01 c0"] = CompletionMessage.WithError("xyz", ""),
        ["96 03 80 a3 78797a 02 c0 c0"] = CompletionMessage.Empty("xyz"),
    };

    private static readonly Dictionary<string, object> Messages = new(StringComparer.Ordinal)
    {
        ["96 01 a2 7331 a3 72756e 02 92 01 02 cd 012c"] =
            new WriteRequest { Session = "s1", RunId = "run", Attempt = 2, Outputs = [OutputType.Stdout, OutputType.Stderr], Incarnation = 300 },
        ["94 01 02 ce 00010000 c4 02 dead"] =
            new WriteItem { Kind = WriteItemKind.Data, Output = OutputType.Stderr, Offset = 65536, Data = new byte[] { 0xde, 0xad } },
        ["97 02 01 05 c4 00 07 c0 90"] = new WriteItem { Kind = WriteItemKind.Gap, Output = OutputType.Stdout, Offset = 5, Length = 7 },
        ["97 03 00 00 c4 00 00 ff 92 93 01 0a ce e3069283 93 02 00 00"] =
            new WriteItem { Kind = WriteItemKind.Complete, ExitCode = -1, Totals = [new(OutputType.Stdout, 10, 0xE3069283), new(OutputType.Stderr, 0, 0)] },
        ["95 01 91 96 01 cc c8 cc 80 64 40 00 cf 001fffffffffffff 03 40"] = new WriteAck
        {
            Kind = WriteAckKind.Grant,
            Outputs = [new() { Output = OutputType.Stdout, WrittenTo = 200, DurableTo = 128, Base = 100, Stored = 64 }],
            Incarnation = Samples.MaxSafeInteger,
            FencingNumber = 3,
            Window = 64,
        },
        ["96 02 00 01 02 03 02"] = new OutputProgress { Output = OutputType.Stderr, DurableTo = 1, Base = 2, Stored = 3, Verdict = Verdict.Incomplete },
        ["93 01 d1 ff7f 07"] = new OutputTotal(OutputType.Stdout, -129, 7),
        ["98 01 a2 c3a9 90 01 a1 63 d0 df cf 00060a24181e4000 c2"] =
            new ReadRequest { Session = "é", Start = ReadStart.Cursor, Cursor = "c", TailLines = -33, SinceMicros = 1_700_000_000_000_000, Follow = false },
        ["98 01 a1 73 91 02 00 c0 00 00 c3"] = new ReadRequest { Session = "s", Outputs = [OutputType.Stderr] },
        ["92 a3 616263 91 96 01 01 00 07 01 c4 02 6869"] = new LogBatch
        {
            Cursor = "abc",
            Entries = [new() { Kind = LogEntryKind.Data, Output = OutputType.Stdout, Sequence = 7, TimeMicros = 1, Data = "hi"u8.ToArray() }],
        },
        ["9b 02 01 0a 08 02 c4 00 5a 01 00 c0 c0"] =
            new LogEntry { Kind = LogEntryKind.Gap, Output = OutputType.Stdout, Offset = 10, Sequence = 8, TimeMicros = 2, Length = 90, Gap = GapReason.Trimmed },
        ["9b 04 00 00 09 03 c4 00 00 00 01 00 91 93 01 0c 01"] =
            new LogEntry { Kind = LogEntryKind.End, Sequence = 9, TimeMicros = 3, End = EndReason.Completed, ExitCode = 0, Totals = [new(OutputType.Stdout, 12, 1)] },
        ["93 01 a1 73 91 02"] = new WatchRequest { Session = "s", Outputs = [OutputType.Stderr] },
        ["95 06 a1 73 00 04 cc 89"] = new PresenceEvent { Kind = PresenceKind.SessionCompleted, Session = "s", TimeMicros = 4, ExitCode = 137 },
    };

    public static TheoryData<string> PublishedBodies => [.. Published.Keys];

    public static TheoryData<string> AcceptedBodies => [.. Accepted.Keys];

    public static TheoryData<string> MessageBodies => [.. Messages.Keys];

    [Theory]
    [MemberData(nameof(PublishedBodies))]
    public void Hub_messages_have_the_published_bytes(string body)
    {
        var message = Published[body];

        Samples.Encode(message).Should().Equal(Samples.Frame(body));
        Samples.Describe(Samples.Decode(Samples.Frame(body), new Binder(typeof(int)))).Should().Be(Samples.Describe(message));
    }

    [Theory]
    [MemberData(nameof(AcceptedBodies))]
    public void Other_encodings_of_the_same_message_are_read(string body) =>
        Samples.Describe(Samples.Decode(Samples.Frame(body), new Binder(typeof(int)))).Should().Be(Samples.Describe(Accepted[body]));

    [Theory]
    [MemberData(nameof(MessageBodies))]
    public void Messages_of_the_contract_have_the_bytes_of_the_tables(string body)
    {
        var message = new StreamItemMessage("i", Messages[body]);
        var frame = Samples.Frame("94 02 80 a1 69 " + body);

        Samples.Encode(message).Should().Equal(frame);
        Samples.Describe(Samples.Decode(frame, Binder.For(Messages[body]))).Should().Be(Samples.Describe(message));
    }

    [Theory]
    [InlineData("00", 0)]
    [InlineData("7f", 127)]
    [InlineData("cc 80", 128)]
    [InlineData("cc ff", 255)]
    [InlineData("cd 0100", 256)]
    [InlineData("cd ffff", 65535)]
    [InlineData("ce 00010000", 65536)]
    [InlineData("ce ffffffff", uint.MaxValue)]
    [InlineData("cf 0000000100000000", 1L + uint.MaxValue)]
    [InlineData("cf 7fffffffffffffff", long.MaxValue)]
    [InlineData("ff", -1)]
    [InlineData("e0", -32)]
    [InlineData("d0 df", -33)]
    [InlineData("d0 80", -128)]
    [InlineData("d1 ff7f", -129)]
    [InlineData("d1 8000", -32768)]
    [InlineData("d2 ffff7fff", -32769)]
    [InlineData("d2 80000000", int.MinValue)]
    [InlineData("d3 ffffffff7fffffff", int.MinValue - 1L)]
    [InlineData("d3 8000000000000000", long.MinValue)]
    public void Integers_have_their_shortest_form(string bytes, long value) =>
        Samples.Encode(new StreamItemMessage("i", value)).Should().Equal(Samples.Frame("94 02 80 a1 69 " + bytes));
}
