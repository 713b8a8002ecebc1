using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Storage;

// Who may write: runs, attempts, fencing, and where a run that comes back goes on.
public abstract partial class LogStoreContractTests
{
    [Fact]
    public async Task The_first_lease_says_where_everything_begins()
    {
        var log = await Store.NewSession();

        var lease = await log.Lease("run", attempt: 3);

        lease.FencingNumber.Should().BePositive();
        lease.Incarnation.Should().Be(log.Incarnation);
        lease.Attempt.Should().Be(3);
        lease.Start.Should().Equal(LogSteps.Both.Select(output => new OutputProgress { Output = output }));
        log.Snapshot().Outputs.Should().OnlyContain(output => output.Phase == OutputPhase.Open && output.Writer == "run");
    }

    [Fact]
    public async Task Another_run_is_refused_while_the_holder_is_there()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease("first");

        var failure = await LogSteps.Refused(() => log.Lease("second"), RelayErrorCode.WriterAlreadyConnected);

        failure.Message.Should().Contain("first").And.Contain("stdout");
        failure.IsRetryable.Should().BeFalse();
        await log.Write(lease, "undisturbed");
        log.ReadAll().Text().Should().Be("undisturbed");
    }

    [Fact]
    public async Task Two_runs_may_hold_one_output_each()
    {
        var log = await Store.NewSession();
        var stdout = await log.Lease("a", outputs: OutputType.Stdout);
        var stderr = await log.Lease("b", outputs: OutputType.Stderr);

        await log.Write(stdout, "out");
        await log.Write(stderr, "err", OutputType.Stderr);

        stderr.FencingNumber.Should().BeGreaterThan(stdout.FencingNumber);
        await LogSteps.Refused(() => log.Write(stdout, "x", OutputType.Stderr), RelayErrorCode.InvalidRequest);
        await LogSteps.Refused(() => log.Lease("a", attempt: 2), RelayErrorCode.WriterAlreadyConnected);
        log.ReadAll().Text(OutputType.Stderr).Should().Be("err");
        stdout.LossReason.Should().BeNull("a refused request takes nothing away");
    }

    [Fact]
    public async Task A_run_that_leaves_its_attempts_to_the_log_may_hold_its_outputs_side_by_side()
    {
        var log = await Store.NewSession();
        var stdout = await log.Lease("run", attempt: 0, outputs: OutputType.Stdout);
        var stderr = await log.Lease("run", attempt: 0, outputs: OutputType.Stderr);

        await log.Write(stdout, "out");
        await log.Write(stderr, "err", OutputType.Stderr);
        var again = await log.Lease("run", attempt: 0, outputs: OutputType.Stdout);

        await LogSteps.Refused(() => log.Write(stdout, "x"), RelayErrorCode.Fenced);
        stderr.LossReason.Should().BeNull("the request is about the other output");
        again.Start.Should().ContainSingle().Which.Stored.Should().Be(3);
        var both = await log.Lease("run", attempt: 0);
        both.Attempt.Should().Be(4);
        await LogSteps.Refused(() => log.Write(stderr, "x", OutputType.Stderr), RelayErrorCode.Fenced);
    }

    [Fact]
    public async Task A_higher_attempt_takes_over_at_once_and_no_byte_of_the_old_one_lands()
    {
        var log = await Store.NewSession();
        var old = await log.Lease("run", attempt: 1);
        await log.Write(old, "one ");

        var fresh = await log.Lease("run", attempt: 2);

        fresh.FencingNumber.Should().BeGreaterThan(old.FencingNumber);
        old.LossReason.Should().NotBeNull("the old holder is told").And.BeAssignableTo<RelayException>().Which.Code.Should().Be(RelayErrorCode.Fenced);
        await Eventually.True(() => old.Lost.IsCancellationRequested, "the old stream is told");
        await LogSteps.Refused(() => log.Write(old, "ghost"), RelayErrorCode.Fenced);
        await LogSteps.Refused(() => log.AppendGapAsync(old, OutputType.Stdout, 4, 4, CancellationToken.None).AsTask(), RelayErrorCode.Fenced);
        await LogSteps.Refused(() => log.Complete(old), RelayErrorCode.Fenced);
        await log.Leave(old);
        await log.Write(fresh, "two");
        log.ReadAll().Text().Should().Be("one two");
        log.Snapshot()[OutputType.Stdout].Phase.Should().Be(OutputPhase.Open, "the old holder's goodbye changes nothing");
    }

    /// <summary>By its bytes: whatever the holders of the past are told, in the log stands what the holder of the moment wrote.</summary>
    [Fact]
    public async Task The_log_has_the_bytes_of_those_alone_who_held_the_lease_when_they_came()
    {
        var log = await Store.NewSession();
        var past = new List<WriterLease>();
        for (var attempt = 1; attempt <= 4; attempt++)
        {
            var run = attempt < 3 ? "first" : "second";
            var lease = await log.Lease(run, attempt);
            await TryEverything(past);
            await log.Write(lease, $"{attempt}");
            await TryEverything(past);
            if (attempt == 2)
            {
                await log.Leave(lease, inGoodOrder: false);
            }

            past.Add(lease);
        }

        log.ReadAll().Text().Should().Be("1234");
        log.ReadAll().Entries.Should().OnlyContain(entry => entry.Kind == LogEntryKind.Data, "nobody declares a gap for another");

        async Task TryEverything(IEnumerable<WriterLease> holders)
        {
            foreach (var holder in holders)
            {
                var end = log.Snapshot()[OutputType.Stdout].Length;
                await Ignored(() => log.Write(holder, "ghost"));
                await Ignored(() => log.Write(holder, "ghost", offset: end));
                await Ignored(() => log.Write(holder, "ghost", offset: 0));
                await Ignored(() => log.AppendGapAsync(holder, OutputType.Stdout, end, 5, CancellationToken.None).AsTask());
            }
        }

        static async Task Ignored(Func<Task> action)
        {
            try
            {
                await action();
            }
            catch (RelayException)
            {
                // What they are told is the other tests' matter.
            }
        }
    }

    [Theory]
    [InlineData(5)]
    [InlineData(4)]
    public async Task The_same_or_a_lower_attempt_is_refused_for_good(int attempt)
    {
        var log = await Store.NewSession();
        var holder = await log.Lease("run", attempt: 5);

        await LogSteps.Refused(() => log.Lease("run", attempt), RelayErrorCode.Fenced);
        await log.Leave(holder);
        await LogSteps.Refused(() => log.Lease("run", attempt), RelayErrorCode.Fenced);
    }

    [Fact]
    public async Task Attempt_zero_takes_the_next_number()
    {
        var log = await Store.NewSession();

        (await log.Lease("http", attempt: 0)).Attempt.Should().Be(1);
        (await log.Lease("http", attempt: 0)).Attempt.Should().Be(2);
    }

    [Fact]
    public async Task A_higher_attempt_that_wants_less_frees_the_other_output()
    {
        var log = await Store.NewSession();
        var old = await log.Lease("run", attempt: 1);
        await log.Lease("run", attempt: 2, outputs: OutputType.Stdout);

        await LogSteps.Refused(() => log.Write(old, "ghost", OutputType.Stderr), RelayErrorCode.Fenced);
        log.Snapshot()[OutputType.Stderr].Writer.Should().BeNull();
        await log.Lease("other", outputs: OutputType.Stderr);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task When_the_holder_has_left_another_run_gets_in(bool inGoodOrder)
    {
        var log = await Store.NewSession();
        var first = await log.Lease("first");
        await log.Write(first, "of the first\n");
        await log.Leave(first, inGoodOrder);
        log.Snapshot()[OutputType.Stdout].Phase.Should().Be(inGoodOrder ? OutputPhase.Closed : OutputPhase.Lost);
        log.Snapshot().HasWriter.Should().BeFalse();

        var second = await log.Lease("second");

        second.Start[0].Should().Be(new OutputProgress { Output = OutputType.Stdout, WrittenTo = 13, DurableTo = second.Start[0].DurableTo, Base = 13, Stored = 0 });
        await LogSteps.Refused(() => log.Write(first, "ghost"), RelayErrorCode.Fenced);
        await log.Write(second, "of the second\n", offset: 13);
        log.ReadAll().Text().Should().Be("of the first\nof the second\n");
    }

    /// <summary>Protocol 6.2: offset = WrittenTo + (position − Stored).</summary>
    [Fact]
    public async Task A_run_that_comes_back_after_another_goes_on_where_it_was()
    {
        var log = await Store.NewSession();
        var a = await log.Lease("a", attempt: 1);
        await log.Write(a, "aaaa");
        await log.Leave(a, inGoodOrder: false);
        var b = await log.Lease("b");
        await log.Write(b, "bbb");
        await log.Leave(b);

        var back = (await log.Lease("a", attempt: 2)).Start[0];

        (back.WrittenTo, back.Base, back.Stored).Should().Be((7, 7, 4));
        var again = await log.Lease("a", attempt: 3);
        await log.Write(again, "AA", offset: again.Start[0].WrittenTo + (4 - again.Start[0].Stored));
        var third = (await log.Lease("a", attempt: 4)).Start[0];
        (third.WrittenTo, third.Base, third.Stored).Should().Be((9, 7, 6));
        log.ReadAll().Text().Should().Be("aaaabbbAA");
    }

    [Fact]
    public async Task A_run_that_comes_back_at_once_keeps_its_base()
    {
        var log = await Store.NewSession();
        var first = await log.Lease("first");
        await log.Write(first, "12345");
        await log.Leave(first);
        var run = await log.Lease("run", attempt: 1);
        await log.Write(run, "abc");
        await log.Leave(run, inGoodOrder: false);

        var back = (await log.Lease("run", attempt: 2)).Start[0];

        (back.WrittenTo, back.Base, back.Stored).Should().Be((8, 5, 3));
    }

    [Fact]
    public async Task A_lease_that_was_given_back_is_no_lease()
    {
        var log = await Store.NewSession();
        var lease = await log.Lease();
        await log.Leave(lease);

        await LogSteps.Refused(() => log.Write(lease, "late"), RelayErrorCode.Fenced);
    }

    [Fact]
    public async Task A_writer_of_another_incarnation_is_refused()
    {
        var log = await Store.NewSession();

        await LogSteps.Refused(() => log.Lease("run", incarnation: log.Incarnation ^ 1), RelayErrorCode.SessionReplaced);
        await log.Lease("run", incarnation: log.Incarnation);
    }

    [Fact]
    public async Task Every_lease_of_a_session_has_a_number_of_its_own_and_they_grow()
    {
        var log = await Store.NewSession();
        var numbers = new List<long>();
        for (var attempt = 1; attempt <= 5; attempt++)
        {
            numbers.Add((await log.Lease("run", attempt)).FencingNumber);
        }

        numbers.Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
    }
}
