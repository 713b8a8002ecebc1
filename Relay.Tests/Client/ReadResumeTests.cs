using FluentAssertions;
using Relay.Client;
using Relay.Client.Reading;
using Relay.Contracts;
using Xunit;

namespace Relay.Tests.Client;

public sealed class ReadResumeTests
{
    [Fact]
    public void Before_the_first_batch_the_read_begins_as_told()
    {
        var resume = new ReadResume("s", new ReadOptions { Start = ReadStart.TailLines, TailLines = 9, Outputs = [OutputType.Stderr], Follow = false });
        resume.NextRequest().Should().BeEquivalentTo(new ReadRequest
        {
            Session = "s",
            Start = ReadStart.TailLines,
            TailLines = 9,
            Outputs = [OutputType.Stderr],
            Follow = false,
        });
    }

    [Fact]
    public void After_a_batch_the_read_goes_on_from_its_cursor_with_the_same_outputs()
    {
        var resume = new ReadResume("s", new ReadOptions { Start = ReadStart.TailLines, TailLines = 9, Outputs = [OutputType.Stderr] });
        resume.Consumed(new LogBatch { Cursor = "c1" });
        resume.Consumed(new LogBatch { Cursor = "c2" });
        resume.NextRequest().Should().BeEquivalentTo(new ReadRequest
        {
            Session = "s",
            Start = ReadStart.Cursor,
            Cursor = "c2",
            Outputs = [OutputType.Stderr],
        });
    }

    [Fact]
    public void Since_is_counted_in_microseconds()
    {
        var options = new ReadOptions { Start = ReadStart.Since, Since = DateTimeOffset.UnixEpoch.AddMilliseconds(1.5) };
        new ReadResume("s", options).NextRequest().SinceMicros.Should().Be(1500);
    }

    [Fact]
    public void A_session_is_waited_for_only_until_something_of_it_was_read()
    {
        var resume = new ReadResume("s", new ReadOptions { WaitForSession = true });
        resume.MayWait.Should().BeTrue();
        resume.Consumed(new LogBatch { Cursor = "c" });
        resume.MayWait.Should().BeFalse("a session that vanished later is gone, not awaited");
        new ReadResume("s", new ReadOptions { WaitForSession = true, Start = ReadStart.Cursor, Cursor = "c" }).MayWait.Should().BeFalse();
    }

    [Fact]
    public void A_cursor_start_without_a_cursor_is_refused() =>
        FluentActions.Invoking(() => new ReadResume("s", new ReadOptions { Start = ReadStart.Cursor })).Should().Throw<ArgumentException>();
}
