using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FluentAssertions;
using Relay.Cli.Tail;
using Relay.Cli.Tail.Lines;
using Relay.Cli.Tail.Screen;
using Relay.Contracts;
using Relay.Tests.TestKit;
using Relay.Text;
using Xunit;

namespace Relay.Tests.Lines;

/// <summary>
/// What terminals and pages must both make of a job's bytes: examples.json and levels.json, whose form is described in Dashboard/test/text/examples.ts. Vitest
/// runs the same against TypeScript.
/// </summary>
public sealed partial class SharedExamplesTests
{
    private static readonly JsonElement Examples = Read("examples.json");

    public static TheoryData<string> Names => [.. Examples.EnumerateArray().Select(example => example.GetProperty("name").GetString()!)];

    public static TheoryData<string?, string> Levels
    {
        get
        {
            var levels = new TheoryData<string?, string>();
            foreach (var level in Read("levels.json").EnumerateArray())
            {
                foreach (var line in level.GetProperty("lines").EnumerateArray())
                {
                    levels.Add(level.GetProperty("level").GetString(), line.GetString()!);
                }
            }

            return levels;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_terminal_shows_what_a_page_shows(string name)
    {
        var example = Examples.EnumerateArray().Single(one => one.GetProperty("name").GetString() == name);
        var bytes = example.GetProperty("chunks").EnumerateArray().SelectMany(chunk => BytesOf(TextOf(chunk))).ToArray();
        var expected = example.GetProperty("lines").EnumerateArray().ToList();

        foreach (var pieces in new byte[][][] { [bytes], [.. bytes.Select(b => new[] { b })] })
        {
            var lines = new Rendered();
            var assembler = new LineAssembler(new TailedSession("s", 0), OutputType.Stdout, lines, redraws: false);
            var offset = 0;
            foreach (var piece in pieces)
            {
                assembler.Add(new LogEntry { Kind = LogEntryKind.Data, Output = OutputType.Stdout, Offset = offset, Data = piece }, null, 0);
                offset += piece.Length;
            }

            assembler.Break();
            lines.Plain.Should().Equal(expected.Select(line => TextOf(line.GetProperty("text"))));
            lines.Coloured.Should().Equal(expected.Select(line => TextOf(line.TryGetProperty("ansi", out var ansi) ? ansi : line.GetProperty("text"))));
        }
    }

    [Theory]
    [MemberData(nameof(Levels))]
    public void The_relay_finds_the_level_that_a_page_finds(string? level, string line) =>
        LineLevels.Of(Encoding.UTF8.GetBytes(line)).Should().Be(Enum.Parse<LineLevel>(level ?? "None", ignoreCase: true), line);

    private static JsonElement Read(string file) => JsonDocument.Parse(File.ReadAllBytes(Repository.PathOf("Relay.Tests", "Lines", file))).RootElement;

    private static string TextOf(JsonElement text) => text.ValueKind switch
    {
        JsonValueKind.String => text.GetString()!,
        JsonValueKind.Array => string.Concat(text.EnumerateArray().Select(TextOf)),
        _ => string.Concat(Enumerable.Repeat(text.GetProperty("of").GetString(), text.GetProperty("repeat").GetInt32())),
    };

    private static byte[] BytesOf(string text) =>
        [.. RawByte().Split(text).SelectMany((part, i) => i % 2 == 0 ? Encoding.UTF8.GetBytes(part) : [Convert.ToByte(part, 16)])];

    [GeneratedRegex(@"\\x(?<byte>[0-9A-F]{2})", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex RawByte();

    private sealed class Rendered : ILineSink
    {
        public List<string> Plain { get; } = [];

        public List<string> Coloured { get; } = [];

        public void Line(in LogLine line)
        {
            var state = CarriageReturn.LastState(line.Text);
            Plain.Add(Safe(state, keepColours: false));
            Coloured.Add(Safe(state, keepColours: true));
        }

        public void Separator(OutputType output) => throw new NotSupportedException("Nothing is left out.");

        public void Mark(TailedSession session, in LogEntry mark, string? cursor) => throw new NotSupportedException("There are no marks.");

        private static string Safe(ReadOnlySpan<byte> text, bool keepColours)
        {
            var safe = new ArrayBufferWriter<byte>();
            TerminalText.Append(text, safe, keepColours);
            return Encoding.UTF8.GetString(safe.WrittenSpan);
        }
    }
}
