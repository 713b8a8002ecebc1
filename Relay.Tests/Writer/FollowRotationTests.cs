using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Writer;

/// <summary>Nothing lost and nothing repeated, whatever is done to a log while it is followed and while it is not.</summary>
public sealed class FollowRotationTests
{
    private const int Rotations = 50;

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public async Task Fifty_rotations_by_renaming_lose_and_repeat_nothing_even_when_followers_come_and_go(int restartEvery)
    {
        await using var log = new FollowedLog();
        log.Follow();
        for (var rotation = 1; rotation <= Rotations; rotation++)
        {
            log.Write(lines: rotation % 5 == 0 ? 1 : 200);
            if (rotation % 3 == 0)
            {
                await log.UntilAllIsTaken();
            }

            log.Rename();
            if (restartEvery > 0 && rotation % restartEvery == 0)
            {
                await log.StopFollowing();
                log.Write(lines: 3);
                log.Rename();
                log.Write(lines: 3);
                log.Rename();
                log.Write(lines: 3);
                log.Follow();
            }
        }

        log.Write(lines: 10);
        await ShouldHaveAll(log);
    }

    [Theory]
    [InlineData(0, "", true)]
    [InlineData(7, "", true)]
    [InlineData(0, "a banner that each file begins with\n", true)]
    [InlineData(7, "a banner that each file begins with\n", true)]
    [InlineData(0, "", false)]
    public async Task Fifty_rotations_by_copying_and_truncating_lose_and_repeat_nothing_even_when_followers_come_and_go(int restartEvery, string begin, bool appends)
    {
        await using var log = new FollowedLog { Appends = appends };
        log.Follow();
        for (var rotation = 1; rotation <= Rotations; rotation++)
        {
            log.Write(begin);
            log.Write(lines: rotation % 5 == 0 ? 1 : 200);
            if (rotation % 3 == 0)
            {
                await log.UntilAllIsTaken();
            }

            log.CopyAndTruncate();
            if (restartEvery > 0 && rotation % restartEvery == 0)
            {
                await log.StopFollowing();
                log.Write(lines: 3);
                log.CopyAndTruncate();
                log.Write(lines: 3);
                log.CopyAndTruncate();
                log.Write(lines: 3);
                log.Follow();
            }
        }

        log.Write(lines: 10);
        await ShouldHaveAll(log);
    }

    /// <summary>Two rotations, each between any two looks of the follower: one of them falls into the reading of a hole, or of a copy.</summary>
    [Theory]
    [InlineData("", true, false)]
    [InlineData("", true, true)]
    [InlineData("", false, false)]
    [InlineData("", false, true)]
    [InlineData("a banner that each file begins with\n", true, false)]
    [InlineData("a banner that each file begins with\n", true, true)]
    [InlineData("a banner that each file begins with\n", false, false)]
    [InlineData("a banner that each file begins with\n", false, true)]
    public async Task A_rotation_by_copying_and_truncating_between_any_two_looks_loses_and_repeats_nothing(string begin, bool appends, bool restarts)
    {
        const int looks = 12;
        const int looksUntilTaken = 2; // Before, nothing is known of the log, and what was rotated before the first start is not read.
        var first = Lines(1, 9000);
        var moments = from before in Enumerable.Range(0, looks) from between in Enumerable.Range(0, looks) select (before, between);
        foreach (var (before, between) in moments.Where(moment => !restarts || moment.before >= looksUntilTaken))
        {
            await using var log = new FollowedLog { Appends = appends };
            await log.Look();
            log.Write(begin + first);
            await log.Look(before);
            log.CopyAndTruncate();
            log.Write(begin + Lines(9001, 9002));
            await log.Look(between);
            log.CopyAndTruncate();
            log.Write(begin + Lines(9003, 9004));
            if (restarts)
            {
                log.BeginToLookAnew();
            }

            await log.LookAtAll();
            log.Taken.ShouldBeExactly(log.Written.ToArray(), $"what was taken with rotations after {before} and {between} more looks");
            log.Said.Should().BeEmpty();
        }

        static string Lines(int first, int last) => string.Concat(Enumerable.Range(first, last - first + 1).Select(line => $"line {line}\n"));
    }

    [Fact]
    public async Task A_file_that_grew_again_beyond_the_place_that_was_reached_is_still_known_to_be_truncated()
    {
        await using var log = new FollowedLog();
        log.Follow();
        log.Write(new string('b', 2000) + "\n");
        log.Write(lines: 10);
        await log.UntilAllIsTaken();
        await log.StopFollowing();

        log.Write(lines: 5);
        log.CopyAndTruncate();
        log.Write(new string('b', 2000) + "\n");
        log.Write(lines: 1000);
        log.Follow();
        await ShouldHaveAll(log);
    }

    [Fact]
    public async Task A_banner_alone_does_not_tell_a_log_from_the_one_before_it()
    {
        const string banner = "a banner that each file begins with\n";
        await using var log = new FollowedLog();
        log.Follow();
        log.Write(banner);
        await log.UntilAllIsTaken();
        await log.StopFollowing();

        log.Write(lines: 5);
        log.CopyAndTruncate();
        log.Write(banner);
        log.Write(lines: 10);
        log.CopyAndTruncate();
        log.Write(banner);
        log.Write(lines: 20);
        log.Follow();
        await ShouldHaveAll(log);
    }

    [Fact]
    public async Task What_is_written_to_a_renamed_file_until_the_job_opens_its_log_anew_comes_before_the_new_one()
    {
        await using var log = new FollowedLog();
        log.Follow();
        log.Write(lines: 10);
        await log.UntilAllIsTaken();

        log.Rename(reopens: false);
        await File.WriteAllTextAsync(log.Path, "");
        log.Write(lines: 10);
        await log.UntilAllIsTaken();
        log.Write(lines: 10);
        log.Reopen();
        log.Write(lines: 10);
        await ShouldHaveAll(log);
    }

    [Fact]
    public async Task A_job_that_does_not_append_leaves_a_hole_in_its_truncated_log_which_is_no_output()
    {
        await using var log = new FollowedLog { Appends = false };
        log.Follow();
        for (var rotation = 0; rotation < 3; rotation++)
        {
            log.Write(lines: 20_000);
            await log.UntilAllIsTaken();
            log.CopyAndTruncate();
        }

        log.Write(lines: 10);
        await ShouldHaveAll(log);
    }

    [Fact]
    public async Task A_log_and_its_folder_may_come_late_and_what_was_rotated_before_is_not_read()
    {
        await using var log = new FollowedLog();
        await File.WriteAllTextAsync(log.Path + ".1", "of another job\n");
        log.Follow();
        log.Write(lines: 10);
        await log.UntilAllIsTaken();
        log.Rename();
        log.Write(lines: 10);
        await ShouldHaveAll(log);
    }

    [Fact]
    public async Task Truncation_without_a_copy_is_said_and_what_is_written_then_is_read()
    {
        await using var log = new FollowedLog();
        log.Follow();
        log.Write(lines: 10);
        await log.UntilAllIsTaken();

        log.Truncate();
        log.Write(lines: 3);
        await log.UntilAllIsTaken();
        await log.StopFollowing();
        log.Taken.ShouldBeExactly(log.Written.ToArray(), "what was taken");
        log.Said.Should().ContainSingle().Which.Should().Contain("was truncated and no copy of it is there").And.Contain("behind byte 71");
    }

    [Fact]
    public async Task A_rest_that_is_gone_at_the_next_start_is_said()
    {
        await using var log = new FollowedLog();
        log.Follow();
        log.Write(lines: 10);
        await log.StopFollowing();
        log.Rename();
        File.Move(log.Path + ".1", log.Path + ".1.gz");
        File.Copy(log.Path + ".1.gz", log.Path + ".2.gz");
        File.Delete(log.Path + ".1.gz");
        await File.WriteAllTextAsync(log.Path + ".2.gz", "not what it was");
        log.Write(lines: 3);

        log.Follow();
        await log.UntilAllIsTaken();
        await log.StopFollowing();
        log.Taken.ShouldBeExactly(log.Written.ToArray(), "what was taken");
        log.Said.Should().ContainSingle().Which.Should().Contain("behind byte 71 is gone").And.Contain("compressed, which cannot be read");
    }

    [Fact]
    public async Task A_neighbour_that_begins_alike_is_no_copy()
    {
        await using var log = new FollowedLog();
        await File.WriteAllTextAsync(log.Path + ".err", "line 1\nsomething else\n");
        log.Follow();
        log.Write(lines: 1);
        await log.UntilAllIsTaken();
        log.Truncate();
        await Eventually.True(() => log.Said.Count > 0, "the truncation is noticed");
        log.Write(lines: 1);
        await log.UntilAllIsTaken();
        await log.StopFollowing();
        log.Taken.ShouldBeExactly(log.Written.ToArray(), "what was taken");
    }

    [Fact]
    public async Task A_neighbour_with_a_hole_of_its_own_is_no_copy()
    {
        const int looks = 6; // One of them falls into the hole.
        for (var before = 0; before < looks; before++)
        {
            await using var log = new FollowedLog { Appends = false };
            await File.WriteAllTextAsync(log.Path + ".err", new string('\0', 200_000) + "of a neighbour\n");
            log.Write(lines: 12_000);
            await log.LookAtAll();
            log.CopyAndTruncate();
            log.Write(lines: 1);
            await log.Look(before);
            log.Truncate();
            await log.LookAtAll();
            log.Taken.AsSpan().IndexOf("of a neighbour"u8).Should().Be(-1, "the log was truncated after {0} looks", before);
        }
    }

    [Fact]
    public async Task Giving_up_is_heard_in_a_hole()
    {
        const long hours = 1L << 42; // To read it would take that long.
        await using var log = new FollowedLog { Appends = false };
        log.Write(lines: 1);
        await log.LookAtAll();
        log.Truncate(hours);
        using var giveUp = new CancellationTokenSource();
        var following = log.FollowUntil(giveUp.Token);
        await giveUp.CancelAsync();
        await FluentActions.Awaiting(() => Eventually.Done(following, "the follower ends")).Should().ThrowAsync<OperationCanceledException>();
    }

    private static async Task ShouldHaveAll(FollowedLog log)
    {
        await log.UntilAllIsTaken();
        await log.StopFollowing();
        log.Taken.ShouldBeExactly(log.Written.ToArray(), "what was taken");
        log.Said.Should().BeEmpty();
    }
}
