using System.Text.Json.Nodes;
using FluentAssertions;
using Microsoft.AspNetCore.SignalR.Protocol;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Contracts;

/// <summary>The same messages through the real <c>@microsoft/signalr-protocol-msgpack</c>, in both directions.</summary>
public sealed class JavaScriptCodecTests
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(60);

    private static Dictionary<string, string> Headers => new(StringComparer.Ordinal) { ["x"] = "y" };

    private static PresenceEvent Presence => new()
    {
        Kind = PresenceKind.WriterLost,
        Session = "é✓",
        Output = OutputType.Stderr,
        TimeMicros = Samples.MaxSafeInteger,
    };

    private static OutputProgress Progress => new() { Output = OutputType.Stdout, WrittenTo = 1L << 40, DurableTo = 70_000, Base = 300, Stored = 9 };

    private static WriteRequest Request => new()
    {
        Session = "é✓",
        RunId = "run",
        Attempt = 2,
        Outputs = [OutputType.Stdout, OutputType.Stderr],
        Incarnation = Samples.MaxSafeInteger,
    };

    [Fact]
    public async Task JavaScript_reads_what_this_codec_writes()
    {
        (HubMessage Message, string Read)[] cases =
        [
            (new InvocationMessage(null, "Presence", [Presence]),
                """{"type":1,"headers":{},"target":"Presence","arguments":[[4,"é✓",2,9007199254740991,null]],"streamIds":[]}"""),
            (new InvocationMessage("7", "Any", [-1, -200, -40_000, -3_000_000_000, 0.5, true, null, new byte[] { 1, 255 }]) { Headers = Headers },
                """{"type":1,"headers":{"x":"y"},"invocationId":"7","target":"Any","arguments":[-1,-200,-40000,-3000000000,0.5,true,null,{"$hex":"01ff"}],"streamIds":[]}"""),
            (Item(new WriteAck { Kind = WriteAckKind.Grant, Outputs = [Progress], Incarnation = 5, FencingNumber = 6, Window = 64 }),
                """{"type":2,"headers":{},"invocationId":"1","item":[1,[[1,1099511627776,70000,300,9,0]],5,6,64]}"""),
            (Item(new LogBatch
                {
                    Cursor = "c",
                    Entries =
                    [
                        new() { Kind = LogEntryKind.Data, Output = OutputType.Stdout, Offset = 3, Sequence = 4, TimeMicros = 5, Data = "hi"u8.ToArray() },
                        new() { Kind = LogEntryKind.End, Sequence = 6, End = EndReason.Completed, ExitCode = -1, Totals = [new(OutputType.Stdout, 5, 0xE3069283)] },
                    ],
                }),
                """{"type":2,"headers":{},"invocationId":"1","item":["c",[[1,1,3,4,5,{"$hex":"6869"}],[4,0,0,6,0,{"$hex":""},0,0,1,-1,[[1,5,3808858755]]]]]}"""),
            (CompletionMessage.WithError("1", "HubException: fenced: attempt 2"),
                """{"type":3,"headers":{},"invocationId":"1","error":"HubException: fenced: attempt 2"}"""),
            (CompletionMessage.WithResult("1", "done"), """{"type":3,"headers":{},"invocationId":"1","result":"done"}"""),
            (CompletionMessage.Empty("1"), """{"type":3,"headers":{},"invocationId":"1"}"""),
            (PingMessage.Instance, """{"type":6}"""),
            (new CloseMessage("stopping", allowReconnect: true), """{"type":7,"error":"stopping","allowReconnect":true}"""),
            (CloseMessage.Empty, """{"type":7,"error":null,"allowReconnect":false}"""),
            (new AckMessage(300), """{"type":8,"sequenceId":300}"""),
            (new SequenceMessage(70_000), """{"type":9,"sequenceId":70000}"""),
        ];

        // All frames in one buffer as well: JavaScript must find every boundary.
        string[] frames = [.. cases.Select(c => Hex(c.Message)), string.Concat(cases.Select(c => Hex(c.Message)))];

        var read = await NodePeer.RunAsync("codec-peer.mjs", ["parse"], frames, TimeLimit);

        read.Should().HaveCount(frames.Length);
        foreach (var ((_, expected), line) in cases.Zip(read))
        {
            ShouldBeSameJson(line, $"[{expected}]");
        }

        ShouldBeSameJson(read[^1], $"[{string.Join(',', cases.Select(c => c.Read))}]");
    }

    [Fact]
    public async Task JavaScript_reads_large_data_unchanged()
    {
        var data = Enumerable.Range(0, 200_000).Select(i => (byte)(i * 13)).ToArray();
        var batch = new LogBatch { Entries = [.. Enumerable.Range(0, 20).Select(_ => new LogEntry { Kind = LogEntryKind.Data, Data = data })] };

        var read = await NodePeer.RunAsync("codec-peer.mjs", ["parse"], [Hex(Item(batch))], TimeLimit);

        var entries = JsonNode.Parse(read.Single())![0]!["item"]![1]!.AsArray();
        entries.Should().HaveCount(20).And.OnlyContain(entry => entry![5]!["$hex"]!.GetValue<string>() == Convert.ToHexStringLower(data));
    }

    [Fact]
    public async Task This_codec_reads_what_JavaScript_writes()
    {
        (string Written, Binder Binder, HubMessage Message)[] cases =
        [
            ("""{"type":4,"invocationId":"0","target":"Write","arguments":[[1,"é✓","run",2,[1,2],9007199254740991]],"streamIds":["1"]}""",
                new(typeof(WriteRequest)),
                new StreamInvocationMessage("0", "Write", [Request], ["1"])),
            ("""{"type":4,"headers":{"x":"y"},"invocationId":"0","target":"ReadPaced","arguments":[[1,"s",[],4]],"streamIds":["1"]}""",
                new(typeof(ReadRequest)),
                new StreamInvocationMessage("0", "ReadPaced", [new ReadRequest { Session = "s", Start = ReadStart.Now }], ["1"]) { Headers = Headers }),
            ("""{"type":1,"invocationId":"3","target":"Watch","arguments":[[1,"s"]]}""",
                new(typeof(WatchRequest)),
                new InvocationMessage("3", "Watch", [new WatchRequest { Session = "s" }])),
            ("""{"type":1,"target":"Unwatch","arguments":[[null,"s",null]],"streamIds":[]}""",
                new(typeof(WatchRequest)),
                new InvocationMessage(null, "Unwatch", [new WatchRequest { Session = "s" }])),
            ("""{"type":2,"invocationId":"1","item":[1,1,1099511627776,{"$hex":"00ff"}]}""", new(typeof(WriteItem)),
                Item(new WriteItem { Kind = WriteItemKind.Data, Output = OutputType.Stdout, Offset = 1L << 40, Data = new byte[] { 0, 255 } })),
            ("""{"type":2,"invocationId":"1","item":[3,0,0,null,0,-5,[[1,10,3808858755],[2,0,0]]]}""", new(typeof(WriteItem)),
                Item(new WriteItem { Kind = WriteItemKind.Complete, ExitCode = -5, Totals = [new(OutputType.Stdout, 10, 0xE3069283), new(OutputType.Stderr, 0, 0)] })),
            // An integer that JavaScript does not know exactly is written as a float.
            ("""{"type":2,"invocationId":"1","item":[2,1,9007199254740992]}""", new(typeof(WriteItem)),
                Item(new WriteItem { Kind = WriteItemKind.Gap, Output = OutputType.Stdout, Offset = 1L << 53 })),
            ("""{"type":2,"invocationId":"1","item":16}""", new(typeof(int)), Item(16)),
            ("""{"type":2,"invocationId":"1","item":0.25}""", new(typeof(double)), Item(0.25)),
            ("""{"type":3,"invocationId":"1"}""", new(typeof(object)), CompletionMessage.Empty("1")),
            ("""{"type":3,"invocationId":"1","error":"gone"}""", new(typeof(object)), CompletionMessage.WithError("1", "gone")),
            ("""{"type":3,"invocationId":"1","result":[1,"a",null]}""", new(typeof(object)), CompletionMessage.WithResult("1", new object?[] { 1L, "a", null })),
            ("""{"type":5,"invocationId":"0"}""", new(typeof(object)), new CancelInvocationMessage("0")),
            ("""{"type":6}""", new(typeof(object)), PingMessage.Instance),
            ("""{"type":7}""", new(typeof(object)), CloseMessage.Empty),
            ("""{"type":8,"sequenceId":70000}""", new(typeof(object)), new AckMessage(70_000)),
            ("""{"type":9,"sequenceId":1}""", new(typeof(object)), new SequenceMessage(1)),
        ];

        var frames = await NodePeer.RunAsync("codec-peer.mjs", ["encode"], [.. cases.Select(c => c.Written)], TimeLimit);

        frames.Should().HaveCount(cases.Length);
        foreach (var ((written, binder, message), frame) in cases.Zip(frames))
        {
            Samples.Describe(Samples.Decode(Convert.FromHexString(frame), binder)).Should().Be(Samples.Describe(message), written);
        }
    }

    [Fact]
    public async Task Arguments_of_the_wrong_type_from_JavaScript_fail_their_invocation()
    {
        var frames = await NodePeer.RunAsync(
            "codec-peer.mjs",
            ["encode"],
            [
                """{"type":4,"invocationId":"0","target":"Read","arguments":[{"session":"s"}],"streamIds":[]}""",
                """{"type":1,"invocationId":"0","target":"Read","arguments":[]}""",
            ],
            TimeLimit);

        foreach (var frame in frames)
        {
            Samples.Decode(Convert.FromHexString(frame), new Binder(typeof(ReadRequest))).Should().BeOfType<InvocationBindingFailureMessage>();
        }
    }

    private static StreamItemMessage Item(object item) => new("1", item);

    private static string Hex(HubMessage message) => Convert.ToHexStringLower(Samples.Encode(message));

    private static void ShouldBeSameJson(string actual, string expected) =>
        JsonNode.DeepEquals(JsonNode.Parse(actual), JsonNode.Parse(expected)).Should().BeTrue("{0} must be {1}", actual, expected);
}
