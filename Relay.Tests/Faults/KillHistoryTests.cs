using FluentAssertions;
using Relay.Contracts;
using Xunit;

namespace Relay.Tests.Faults;

/// <summary>The checker itself: a history that breaks a promise is found.</summary>
public sealed class KillHistoryTests
{
    private readonly KillHistory _history = new();

    public KillHistoryTests()
    {
        _history.Granted(At(0, 0));
        _history.Sent(OutputType.Stdout, 100);
        _history.Acked(At(60, 40));
        _history.Read(OutputType.Stdout, 0, 70);
    }

    [Fact]
    public void A_history_that_keeps_all_promises_passes()
    {
        _history.Note("SIGKILL to the server");
        _history.Granted(At(80, 40));
        _history.Sent(OutputType.Stdout, 120);
        _history.Read(OutputType.Stdout, 70, 120);
        _history.Acked(At(120, 120));
        _history.Check().Should().BeEmpty();
    }

    [Fact]
    public void Lost_acked_bytes_are_found()
    {
        _history.Granted(At(59, 59));
        _history.Check().Should().ContainSingle().Which.Should().StartWith("acked bytes are lost, 60 were written");
    }

    [Fact]
    public void Lost_bytes_that_were_read_are_found()
    {
        _history.Granted(At(65, 65));
        _history.Check().Should().ContainSingle().Which.Should().StartWith("bytes that the reader saw are lost, it had 70");
    }

    [Fact]
    public void Lost_durable_bytes_are_found()
    {
        _history.Granted(At(80, 39));
        _history.Check().Should().ContainSingle().Which.Should().StartWith("durable bytes are durable no more, 40 were");
    }

    [Fact]
    public void Acks_of_what_was_never_sent_are_found()
    {
        _history.Acked(At(101, 100));
        _history.Check().Should().ContainSingle().Which.Should().StartWith("only 100 bytes were sent");
    }

    [Theory]
    [InlineData(69)]
    [InlineData(71)]
    public void Bytes_that_come_twice_or_not_at_all_are_found(long from)
    {
        _history.Read(OutputType.Stdout, from, 80);
        _history.Check().Should().ContainSingle().Which.Should().StartWith("the reader was at 70");
    }

    [Fact]
    public void What_was_checked_counts_in_the_next_check()
    {
        _history.Check().Should().BeEmpty();
        _history.Granted(At(59, 59));
        _history.Check().Should().ContainSingle();
    }

    [Fact]
    public void A_wrong_byte_is_found()
    {
        var bytes = LoadBytes.At(OutputType.Stderr, 1_000_000, 200_000);
        LoadBytes.FirstWrong(OutputType.Stderr, 1_000_000, bytes).Should().Be(-1);
        LoadBytes.FirstWrong(OutputType.Stdout, 1_000_000, bytes).Should().NotBe(-1);
        LoadBytes.FirstWrong(OutputType.Stderr, 1_065_521, bytes).Should().NotBe(-1);
        bytes[150_000] ^= 1;
        LoadBytes.FirstWrong(OutputType.Stderr, 1_000_000, bytes).Should().Be(150_000);
    }

    private static OutputProgress At(long written, long durable) => new() { Output = OutputType.Stdout, WrittenTo = written, DurableTo = durable };
}
