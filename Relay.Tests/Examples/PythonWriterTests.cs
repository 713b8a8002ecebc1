using System.Text;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Examples;

/// <summary><c>relay_writer.py</c> in real jobs: the reader sees all of it, and the job does not notice.</summary>
[Trait("Category", "EndToEnd")]
public sealed class PythonWriterTests(SharedRelay relay) : IClassFixture<SharedRelay>
{
    private static readonly byte[] Printed = [.. "print\nos.write"u8, 0xff, .. "\nsubprocess\nfork\nmultiprocessing\nlibc\n"u8];

    private static readonly Uri Nobody = new("http://127.0.0.1:1");

    private RelayApi Api => relay.Api;

    [Theory]
    [InlineData("return", 0, null, "a warning\n")]
    [InlineData("exit", 3, 3, "a warning\n")]
    [InlineData("raise", 1, 1, "RuntimeError: nobody catches this\n")]
    [InlineData("caught", 0, null, "a warning\n")]
    [InlineData("with", 4, 4, "a warning\n")]
    [InlineData("segfault", 139, null, "Fatal Python error: Segmentation fault\n")]
    [InlineData("os._exit", 5, null, "a warning\n")]
    [InlineData("kill", 137, null, "a warning\n")]
    public async Task However_a_job_ends_the_relay_has_all_it_printed_and_never_a_wrong_exit_code(string end, int exitCode, int? reported, string onStderr)
    {
        var session = RelayApi.NewId();
        await using var job = PythonExample.Job("everything", session, Api.BaseAddress, end);

        await job.WaitForExit();

        job.ExitCode.Should().Be(exitCode, job.Describe());
        job.Stdout.ShouldBeExactly(Printed, "the job's own stdout");
        job.StderrText.Should().Contain(onStderr).And.NotContain("relay_writer:");
        (await Api.ReadAll(session)).ShouldBeExactly(Printed, "the relay's stdout");
        (await Api.ReadAll(session, "stderr")).ShouldBeExactly(job.Stderr, "the relay's stderr");
        (await Api.Status(session)).Should().BeEquivalentTo(new { State = "completed", ExitCode = reported });
    }

    [Fact]
    public async Task Without_a_relay_a_job_differs_by_one_line_at_its_end()
    {
        string[] ends = ["exit", "raise", "segfault"];
        var jobs = ends.Select(end => PythonExample.Job("everything", RelayApi.NewId(), Nobody, end)).ToList();

        foreach (var (job, exitCode) in jobs.Zip([3, 1, 139]))
        {
            await job.WaitForExit();
            job.ExitCode.Should().Be(exitCode, job.Describe());
            job.Stdout.ShouldBeExactly(Printed, "the job's own stdout");
            job.StderrText.Split('\n').Where(line => line.StartsWith("relay_writer:", StringComparison.Ordinal)).Should().ContainSingle()
                .Which.Should().StartWith($"relay_writer: {Printed.Length} bytes of stdout and ").And.EndWith("were not delivered: http://127.0.0.1:1 could not be reached");
            await job.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_job_whose_log_is_refused_goes_on()
    {
        var session = await Api.CreateSession();
        using var completed = await Api.Send(HttpMethod.Post, $"{RelayApi.SessionPath(session)}/complete");
        completed.EnsureSuccessStatusCode();

        await using var job = PythonExample.Job("everything", session, Api.BaseAddress, "exit");
        await job.WaitForExit();

        job.ExitCode.Should().Be(3, job.Describe());
        job.Stdout.ShouldBeExactly(Printed, "the job's own stdout");
        job.StderrText.Should().Contain("relay_writer: the relay refused the log, and the job goes on without it: ").And.NotContain("not delivered");
    }

    [Fact]
    public async Task A_background_process_keeps_its_output_but_not_the_session_open()
    {
        var session = RelayApi.NewId();
        await using var job = PythonExample.Job("orphan", session, Api.BaseAddress);

        await Eventually.True(async () => (await Api.Status(session))?.State == "completed", "the session completes while the orphan lives", describe: job.Describe);
        (await Api.Status(session))!.ExitCode.Should().Be(6);
        await job.WriteLine("late");
        await job.WaitForExit();

        job.ShouldHavePrinted("job\nlate\n"u8.ToArray(), [], 6, "the job and its orphan");
        (await Api.ReadAll(session)).ShouldBeExactly("job\n"u8.ToArray(), "the relay's stdout");
    }

    [Fact]
    public async Task A_pump_that_is_killed_harms_neither_the_job_nor_its_children()
    {
        var session = RelayApi.NewId();
        await using var job = PythonExample.Job("pump_loss", session, Api.BaseAddress);
        await Eventually.True(async () => (await Api.Status(session))?.Outputs["stdout"].Bytes == 7, "the pump delivers", describe: job.Describe);

        await job.WriteLine("go");
        await job.WaitForExit();

        job.ExitCode.Should().Be(4, job.Describe());
        job.Stdout.ShouldBeExactly(Encoding.ASCII.GetBytes("before\n" + string.Concat(Enumerable.Range(0, 300_000).Select(i => $"{i}\n"))), "the job's own stdout");
        job.StderrText.Should().StartWith("relay_writer: the process that delivers the log was killed").And.EndWith("\n299999\n300000\nchild 0\n");
    }

    [Fact]
    public async Task The_writer_works_out_of_a_zip_archive()
    {
        using var folder = new TempFolder();
        var session = RelayApi.NewId();
        await using var job = PythonExample.Job("zipped", session, Api.BaseAddress, folder.Path);

        await job.WaitForExit();

        job.ShouldHavePrinted("True\n"u8.ToArray(), [], 0, "the job");
        var status = await Api.Status(session);
        status.Should().BeEquivalentTo(new { State = "completed", ExitCode = 0 });
        status!.Labels.Should().Equal(new Dictionary<string, string> { ["from"] = "a zip" });
    }

    [Fact]
    public async Task Fifty_megabytes_of_a_command_arrive_byte_for_byte()
    {
        var session = RelayApi.NewId();
        await using var writer = PythonExample.Writer(session, Api.BaseAddress, "bash", "-c", "seq 7000000; echo done >&2; exit 42");

        await writer.WaitForExit(TimeSpan.FromSeconds(120));

        writer.ExitCode.Should().Be(42, writer.Describe());
        writer.Stdout.Length.Should().BeGreaterThan(50_000_000);
        writer.StderrText.Should().Be("done\n");
        (await Api.ReadAll(session)).ShouldBeExactly(writer.Stdout, "the relay's stdout");
        (await Api.Status(session)).Should().BeEquivalentTo(new { State = "completed", ExitCode = 42 });
    }

    [Theory]
    [InlineData(137, "", "bash", "-c", "kill -9 $$")]
    [InlineData(127, "relay_writer: no-such-command: No such file or directory\n", "no-such-command")]
    [InlineData(126, "relay_writer: /: Permission denied\n", "/")]
    public async Task The_command_mode_exits_as_a_shell_would(int exitCode, string stderr, params string[] command)
    {
        var session = RelayApi.NewId();
        await using var writer = PythonExample.Writer(session, Api.BaseAddress, command);

        await writer.WaitForExit();

        writer.ShouldHavePrinted([], Encoding.UTF8.GetBytes(stderr), exitCode, "the writer");
        (await Api.Status(session)).Should().BeEquivalentTo(new { State = "completed", ExitCode = exitCode });
        (await Api.ReadAll(session, "stderr")).ShouldBeExactly(writer.Stderr, "the relay's stderr");
    }

    [Fact]
    public async Task A_wrong_command_line_is_told_in_a_line()
    {
        await using var writer = PythonExample.Writer(".", Api.BaseAddress, "true");
        await writer.WaitForExit();

        writer.ExitCode.Should().Be(2);
        writer.StderrText.Should().StartWith("relay_writer: The session's id is '.'");
        writer.StdoutText.Should().BeEmpty();
    }
}
