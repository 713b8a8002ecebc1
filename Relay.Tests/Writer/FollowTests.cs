using System.Globalization;
using FluentAssertions;
using Relay.Terminal;
using Relay.Tests.TestKit;
using Relay.Writer;
using Relay.Writer.Follow;
using Xunit;

namespace Relay.Tests.Writer;

/// <summary><c>relay-writer follow</c> as a process, against a relay.</summary>
public sealed class FollowTests(SharedRelay relay) : IClassFixture<SharedRelay>, IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Killed_again_and_again_amid_rotations_it_loses_and_repeats_nothing()
    {
        var session = RelayApi.NewId();
        await using var log = new FollowedLog();
        await using var job = ChildProcess.Start(new ChildCommand("sleep", "600"));
        log.Write(lines: 10);
        for (var kill = 0; kill < 3; kill++)
        {
            await using var follower = Follow(session, relay.Api.BaseAddress, "--stdout", log.Path);
            var before = await Stored(session);
            await Eventually.True(async () => await Stored(session) > before, "the follower delivers", describe: follower.Describe);
            log.Write(lines: 500);
            log.Rename();
            log.Write(lines: 500);
            follower.Send(Signal.Kill);
            log.CopyAndTruncate();
            log.Write(lines: 500);
        }

        job.Send(Signal.Kill);
        await using var last = Follow(session, relay.Api.BaseAddress, "--stdout", log.Path, "--until-pid", job.Id.ToString(CultureInfo.InvariantCulture));
        (await last.WaitForExit()).Should().Be(0, last.Describe());
        (await relay.Api.ReadAll(session)).ShouldBeExactly(log.Written.ToArray(), "what the relay has");
        (await relay.Api.Status(session))!.State.Should().Be("completed");
    }

    [Fact]
    public async Task It_ends_with_the_process_after_the_last_bytes_and_reports_its_exit_code()
    {
        var session = RelayApi.NewId();
        await using var job = ChildProcess.Start(new ChildCommand("bash", "-c", $"cd {_folder}; read -r go; echo out >o; echo err >e; echo 3 >code"));
        await using var follower = Follow(
            session, relay.Api.BaseAddress,
            "--stdout", _folder["o"], "--stderr", _folder["e"], "--until-pid", job.Id.ToString(CultureInfo.InvariantCulture), "--exit-code-file", _folder["code"]);
        await Eventually.True(async () => await relay.Api.Status(session) is not null, "the follower is there", describe: follower.Describe);

        await job.WriteLine("go");
        (await follower.WaitForExit()).Should().Be(0, follower.Describe());
        (await relay.Api.ReadAll(session)).Should().Equal("out\n"u8.ToArray());
        (await relay.Api.ReadAll(session, "stderr")).Should().Equal("err\n"u8.ToArray());
        (await relay.Api.Status(session))!.Should().BeEquivalentTo(new { State = "completed", ExitCode = 3 });
        follower.StderrText.Should().BeEmpty();
    }

    [Fact]
    public async Task A_signal_leaves_the_session_open_the_next_start_goes_on_and_two_at_a_time_are_refused()
    {
        var session = RelayApi.NewId();
        await File.WriteAllTextAsync(_folder["o"], "first\n");
        await using (var first = Follow(session, relay.Api.BaseAddress, "--stdout", _folder["o"]))
        {
            await Eventually.True(async () => await Stored(session) == 6, "the first follower delivers", describe: first.Describe);
            await using var second = Follow(session, relay.Api.BaseAddress, "--stdout", _folder["o"]);
            (await second.WaitForExit()).Should().Be(1);
            second.StderrText.Should().StartWith("relay-writer: another 'follow' of the same files into the same session is running");

            first.Send(Signal.Term);
            (await first.WaitForExit()).Should().Be(0, first.Describe());
            (await relay.Api.Status(session))!.Outputs["stdout"].State.Should().Be("closed");
        }

        await File.AppendAllTextAsync(_folder["o"], "second\n");
        await using var next = Follow(session, relay.Api.BaseAddress, "--stdout", _folder["o"], "--complete");
        await Eventually.True(async () => await Stored(session) == 13, "the next follower delivers", describe: next.Describe);
        next.Send(Signal.Term);
        (await next.WaitForExit()).Should().Be(0, next.Describe());
        (await relay.Api.ReadAll(session)).Should().Equal("first\nsecond\n"u8.ToArray());
        (await relay.Api.Status(session))!.State.Should().Be("completed");
    }

    [Fact]
    public async Task What_a_relay_that_is_away_did_not_get_is_named_and_delivered_by_the_same_command()
    {
        var session = RelayApi.NewId();
        await File.WriteAllTextAsync(_folder["o"], "kept\n");
        string[] command = ["--stdout", _folder["o"], "--until-pid", int.MaxValue.ToString(CultureInfo.InvariantCulture), "--flush-timeout"];
        await using var away = Follow(session, new Uri($"http://127.0.0.1:{Ports.Reserve()}"), [.. command, "500ms"]);
        (await away.WaitForExit()).Should().Be(1, away.Describe());
        away.StderrText.Should().Contain($"relay-writer recover {_folder["spool"]}");

        await using var back = Follow(session, relay.Api.BaseAddress, [.. command, "60s"]);
        (await back.WaitForExit()).Should().Be(0, back.Describe());
        (await relay.Api.ReadAll(session)).Should().Equal("kept\n"u8.ToArray());
        Directory.GetDirectories(_folder["spool"]).Should().BeEmpty("all is delivered and over");
    }

    [Theory]
    [InlineData("", "follow needs --stdout FILE, --stderr FILE or both.")]
    [InlineData("--stdout", "Required argument missing for option: '--stdout'.")]
    [InlineData("--stdout a --stderr ./a", "--stdout and --stderr are the same file, a; give it once.")]
    [InlineData("--stdout /dev/null", "--stdout must name a regular file; /dev/null is none. What comes through a pipe is for 'relay-writer pipe'.")]
    [InlineData("--stderr /tmp", "--stderr must name a file; /tmp is a folder.")]
    [InlineData("--stdout a --until-pid 0", "--until-pid must be the number of a process, from 1; it is '0'.")]
    public async Task A_wrong_command_line_says_what_would_be_right(string line, string message)
    {
        using var error = new MemoryStream();
        string[] arguments = ["follow", "--session", "s", .. line.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        (await WriterCommandLine.RunAsync(arguments, new StandardStreams(Stream.Null, error, ErrorIsTerminal: false), CancellationToken.None)).Should().Be(2);
        System.Text.Encoding.UTF8.GetString(error.ToArray()).Should().StartWith($"relay-writer: {message}\n");
    }

    [Theory]
    [InlineData("job.log.1", true)]
    [InlineData("job.log-20261122", true)]
    [InlineData("job.log.2026-11-22_10", true)]
    [InlineData("job.log.old", true)]
    [InlineData("job.1.log", true)]
    [InlineData("job-2026-11-22.log", true)]
    [InlineData("job.log", false)]
    [InlineData("job.log.err", false)]
    [InlineData("job.log.1.gz", false)]
    [InlineData("job2.log", false)]
    [InlineData("other.log.1", false)]
    public void Rotated_files_are_told_from_neighbours(string name, bool isRotated) => new RotatedNames("job.log").Contains(name).Should().Be(isRotated);

    [Fact]
    public void Checkpoints_come_back_as_they_were_and_unknown_ones_are_none()
    {
        var checkpoint = new FileCheckpoint(new FileIdentity(1, 2, 3), 4, new Fingerprint(5, 6, uint.MaxValue), new FileIdentity(7, 8, 9), long.MaxValue);
        var bytes = checkpoint.Encode().ToArray();
        FileCheckpoint.Decode(bytes).Should().Be(checkpoint);
        bytes[0]++;
        FileCheckpoint.Decode(bytes).Should().BeNull();
        FileCheckpoint.Decode([]).Should().BeNull();
    }

    private ChildProcess Follow(string session, Uri url, params string[] more)
    {
        var follower = ChildProcess.Start(DotNet.Writer(["follow", "--session", session, "--url", url.AbsoluteUri, "--spool", _folder["spool"], .. more]));
        follower.CloseInput();
        return follower;
    }

    private async Task<long> Stored(string session) => await relay.Api.Status(session) is { } status ? status.Outputs["stdout"].Bytes : 0;
}
