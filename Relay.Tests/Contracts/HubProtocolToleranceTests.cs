using FluentAssertions;
using Microsoft.AspNetCore.SignalR.Protocol;
using Relay.Contracts;
using Xunit;

namespace Relay.Tests.Contracts;

/// <summary>Either side may be newer: missing fields are defaults, unknown ones are skipped, nil is a default.</summary>
public sealed class HubProtocolToleranceTests
{
    private static readonly Dictionary<Type, (int Fields, object Default)> Shapes = new()
    {
        [typeof(WriteRequest)] = (6, new WriteRequest { Version = 1, Attempt = 1 }),
        [typeof(WriteItem)] = (7, new WriteItem()),
        [typeof(WriteAck)] = (5, new WriteAck()),
        [typeof(OutputProgress)] = (6, default(OutputProgress)),
        [typeof(OutputTotal)] = (3, default(OutputTotal)),
        [typeof(ReadRequest)] = (8, new ReadRequest { Version = 1, Follow = true }),
        [typeof(LogBatch)] = (2, new LogBatch()),
        [typeof(LogEntry)] = (11, default(LogEntry)),
        [typeof(WatchRequest)] = (3, new WatchRequest { Version = 1 }),
        [typeof(PresenceEvent)] = (5, new PresenceEvent()),
    };

    public static TheoryData<string> Types => [.. Shapes.Keys.Select(type => type.Name)];

    [Theory]
    [MemberData(nameof(Types))]
    public void Missing_and_nil_fields_have_their_defaults(string name)
    {
        var (type, (fields, expected)) = Shapes.Single(pair => pair.Key.Name == name);
        for (var count = 0; count <= fields; count++)
        {
            var array = $"9{count:x} {string.Concat(Enumerable.Repeat("c0 ", count))}";

            Item(array, type).Should().BeEquivalentTo(expected, $"{count} fields are nil and the rest missing");
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Unknown_trailing_fields_are_skipped(string name)
    {
        var (type, (fields, expected)) = Shapes.Single(pair => pair.Key.Name == name);
        var unknown = "01 a1 78 c4 01 00 92 c0 91 80 81 a1 6b cb 3ff0000000000000 c7 02 05 0000 d8 01 00000000000000000000000000000000";
        var array = $"dc 00{fields + 7:x2} {string.Concat(Enumerable.Repeat("c0 ", fields))} {unknown}";

        var invocation = Samples.Decode(Samples.Frame($"96 01 80 c0 a1 74 92 {array} 2a 90"), new Binder(type, typeof(int)));

        // The second argument shows that reading went on at the right place.
        invocation.Should().BeOfType<InvocationMessage>().Which.Arguments.Should().BeEquivalentTo([expected, 42], options => options.WithStrictOrdering());
    }

    [Fact]
    public void A_list_may_hold_arrays_of_other_lengths()
    {
        var batch = (LogBatch)Item("92 a1 63 93 9c 04 c0 c0 c0 c0 c0 c0 c0 06 05 c0 a3 6e6577 91 01 90", typeof(LogBatch))!;

        batch.Entries.Select(entry => (entry.Kind, entry.End, entry.ExitCode)).Should().Equal(
            (LogEntryKind.End, EndReason.Tail, 5), (LogEntryKind.Data, EndReason.None, null), (LogEntryKind.None, EndReason.None, null));
    }

    [Theory]
    [InlineData("2a", 42)]
    [InlineData("cc 2a", 42)]
    [InlineData("cd 002a", 42)]
    [InlineData("ce 0000002a", 42)]
    [InlineData("cf 000000000000002a", 42)]
    [InlineData("d0 2a", 42)]
    [InlineData("d1 ffd6", -42)]
    [InlineData("d2 ffffffd6", -42)]
    [InlineData("d3 ffffffffffffffd6", -42)]
    [InlineData("ca 42280000", 42)]
    [InlineData("cb 4045000000000000", 42)]
    [InlineData("cb 8000000000000000", 0)]
    [InlineData("cb c1e0000000000000", int.MinValue)]
    public void An_integer_is_read_from_any_encoding(string bytes, int value)
    {
        Item(bytes, typeof(int)).Should().Be(value);
        Item(bytes, typeof(long)).Should().Be((long)value);
        Item(bytes, typeof(double)).Should().Be((double)value);
    }

    [Theory]
    [InlineData("ca 3f800000", 1.0)]
    [InlineData("cb 7ff0000000000000", double.PositiveInfinity)]
    public void A_double_is_read_from_either_float(string bytes, double value) => Item(bytes, typeof(double)).Should().Be(value);

    [Fact]
    public void An_object_receives_the_nearest_type()
    {
        var value = Item("99 c0 c3 05 cb 3fe0000000000000 a1 78 c4 01 07 92 01 02 82 a1 6b c2 a1 6d 90 ff", typeof(object));

        value.Should().BeEquivalentTo(
            new object?[]
            {
                null, true, 5L, 0.5, "x", new byte[] { 7 }, new object?[] { 1L, 2L },
                new Dictionary<string, object?>(StringComparer.Ordinal) { ["k"] = false, ["m"] = Array.Empty<object?>() }, -1L,
            },
            options => options.WithStrictOrdering());
    }

    private static object? Item(string bytes, Type type) =>
        Samples.Decode(Samples.Frame("94 02 80 a1 69 " + bytes), new Binder(type)).Should().BeOfType<StreamItemMessage>().Subject.Item;
}
