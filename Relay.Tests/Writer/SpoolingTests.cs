using FluentAssertions;
using Relay.Client;
using Relay.Client.Spooling;
using Relay.Contracts;
using Relay.Tests.Storage;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Writer;

/// <summary>What becomes of a job's output while the relay is not there.</summary>
public sealed class SpoolingTests(SharedRelay relay) : IClassFixture<SharedRelay>, IDisposable
{
    private static readonly Uri NoRelay = new("http://127.0.0.1:1");

    private readonly string _session = RelayApi.NewId();
    private readonly WriterTool _away = new(NoRelay);
    private readonly WriterTool _tool = new(relay.Host.BaseAddress);

    public void Dispose()
    {
        _away.Dispose();
        _tool.Dispose();
    }

    [Fact]
    public async Task What_could_not_be_delivered_is_kept_and_named_and_recover_delivers_it_with_the_exit_code()
    {
        (await _away.Run(_session, "printf out; printf err >&2; exit 3", "--flush-timeout", "0s")).Should().Be(3);
        var left = _away.Left.Should().ContainSingle().Subject;
        left.Should().BeEquivalentTo(new { Session = _session, Url = NoRelay, UndeliveredBytes = 6L, HasEnd = true });
        _away.Error.Should().Contain($"deliver it with: relay-writer recover {left.Folder}\n");

        (await _tool.Recover(_away.Spools, "--url", relay.Host.BaseAddress.AbsoluteUri)).Should().Be(0);
        _tool.Out.Should().Be($"{_session}: 6 bytes delivered, and its end; verified\n");
        _away.Left.Should().BeEmpty();
        (await relay.Api.ReadAll(_session)).Should().Equal("out"u8.ToArray());
        (await relay.Api.ReadAll(_session, "stderr")).Should().Equal("err"u8.ToArray());
        (await relay.Api.Status(_session))!.ExitCode.Should().Be(3);

        (await _tool.Recover(_away.Spools)).Should().Be(0);
        _tool.Out.Should().EndWith("Nothing is left to be delivered.\n");
    }

    [Fact]
    public async Task Recover_says_what_it_could_not_deliver_and_leaves_it_there()
    {
        await _away.Run(_session, "echo out", "--flush-timeout", "0s");
        (await _tool.Recover(_away.Left.Single().Folder, "--flush-timeout", "100ms")).Should().Be(1);
        _tool.Out.Should().Contain("http://127.0.0.1:1 did not take it within 0.1 s; it stays in ");
        _away.Left.Should().ContainSingle().Which.UndeliveredBytes.Should().Be(4);
    }

    [Fact]
    public async Task The_next_run_of_the_session_delivers_first_what_the_last_one_left()
    {
        await Leave(_session, "first "u8.ToArray());
        (await _tool.Run(_session, "printf second")).Should().Be(0);

        (await relay.Api.ReadAll(_session)).Should().Equal("first second"u8.ToArray());
        _tool.Error.Should().Contain($"delivered 6 bytes that an earlier run of session {_session} had left");
        _tool.Left.Should().BeEmpty();
    }

    [Fact]
    public async Task The_next_run_delivers_what_other_sessions_left_while_its_job_runs()
    {
        var other = RelayApi.NewId();
        await Leave(other, "left"u8.ToArray());
        using var end = new TempFolder();
        var run = _tool.Run(_session, $"until [ -e {end["now"]} ]; do sleep 0.05; done");
        await Eventually.True(
            () => _tool.Error.Contains($"delivered 4 bytes that an earlier run of session {other} had left", StringComparison.Ordinal), "what the other session left is delivered");
        (await relay.Api.ReadAll(other)).Should().Equal("left"u8.ToArray());
        await File.WriteAllTextAsync(end["now"], "");
        (await run).Should().Be(0);
        _tool.Left.Should().BeEmpty();
    }

    [Fact]
    public async Task A_spool_that_is_full_gives_up_the_oldest_and_readers_see_which_bytes_are_missing()
    {
        (await _away.Run(_session, "seq 1 400000; echo end", "--spool-limit", "1MiB", "--flush-timeout", "0s")).Should().Be(0);
        _away.Error.Should().Contain("from now on some of it is given up, and readers will see a gap").And.Contain("of stdout were given up because no more could be kept");
        new DirectoryInfo(_away.Spools).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length).Should().BeLessThan(1100 * 1024);
        await _tool.Recover(_away.Spools, "--url", relay.Host.BaseAddress.AbsoluteUri);

        using var client = new RelayClient(relay.Host.BaseAddress);
        var entries = new List<LogEntry>();
        await foreach (var entry in client.ReadAsync(_session))
        {
            entries.Add(entry with { Data = entry.Data.ToArray() });
        }

        var expected = System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(1, 400_000).Select(i => $"{i}\n")) + "end\n");
        entries[0].Should().Match<LogEntry>(entry => entry.Kind == LogEntryKind.Gap && entry.Gap == GapReason.LostByWriter && entry.Offset == 0);
        var rest = entries.Where(entry => entry.Kind == LogEntryKind.Data).SelectMany(entry => entry.Data.ToArray()).ToArray();
        rest.Should().HaveCountGreaterThan(800_000);
        rest.ShouldBeExactly(expected[(int)entries[0].Length..], "what follows the gap");
        (await relay.Api.Status(_session))!.Outputs["stdout"].Verdict.Should().Be("incomplete");
    }

    [Fact]
    public async Task A_spool_that_is_full_can_hold_the_job_back_instead_and_then_nothing_is_lost()
    {
        var port = Ports.Reserve();
        using var late = new WriterTool(new Uri($"http://127.0.0.1:{port}"));
        var run = late.Run(_session, "seq 1 400000", "--spool-limit", "1MiB", "--when-full", "block");
        await Eventually.True(() => late.Error.Contains("the output waits until the relay takes some of it", StringComparison.Ordinal), "the spool is full");
        run.IsCompleted.Should().BeFalse();

        await using var server = await RelayServerProcess.StartAsync(port);
        (await run).Should().Be(0);
        (await server.Api.Status(_session))!.Outputs["stdout"].Should().BeEquivalentTo(new { Lines = 400_000L, Verdict = "verified" });
    }

    [Fact]
    public async Task A_job_that_ends_while_it_is_held_back_leaves_all_of_its_output_in_the_spool()
    {
        var run = _away.Run(_session, "echo $$; exec seq 1 400000", "--spool-limit", "1MiB", "--when-full", "block", "--flush-timeout", "0s");
        await Eventually.True(() => _away.Error.Contains("the output waits until the relay takes some of it", StringComparison.Ordinal), "the spool is full");
        PosixSignals.Send(int.Parse(_away.Out.Split('\n')[0], System.Globalization.CultureInfo.InvariantCulture), Signal.Kill);
        (await run).Should().Be(137);

        (await _tool.Recover(_away.Spools, "--url", relay.Host.BaseAddress.AbsoluteUri)).Should().Be(0);
        System.Text.Encoding.UTF8.GetString(await relay.Api.ReadAll(_session)).Should().Be(_away.Out, "that is what was passed through");
        (await relay.Api.Status(_session))!.ExitCode.Should().Be(137);
    }

    [TinyDiskFact]
    public async Task A_disk_that_is_full_costs_nothing_while_the_relay_is_there()
    {
        using var disk = new TinyDisk();
        disk.TakeTheRest();
        (await _tool.Run(_session, "for i in $(seq 20); do seq 1 5000; sleep 0.01; done", "--spool", Path.Combine(disk.Path, "spool"))).Should().Be(0);
        (await relay.Api.Status(_session))!.Outputs["stdout"].Should().BeEquivalentTo(new { Lines = 100_000L, Verdict = "verified" });
    }

    [Fact]
    public async Task What_was_left_for_a_relay_that_is_away_does_not_hold_up_the_same_session_at_another()
    {
        await Leave(_session, "for another relay"u8.ToArray(), NoRelay);
        (await _tool.Run(_session, "echo out")).Should().Be(0);
        (await relay.Api.ReadAll(_session)).Should().Equal("out\n"u8.ToArray());
        _tool.Left.Should().ContainSingle().Which.Url.Should().Be(NoRelay);
    }

    [Fact]
    public async Task Whatever_others_left_the_exit_code_is_the_job_s()
    {
        await Leave("bad", "x"u8.ToArray());
        var description = Path.Combine(_tool.Left.Single().Folder, "spool.json");
        await File.WriteAllTextAsync(description, (await File.ReadAllTextAsync(description)).Replace("http://", "", StringComparison.Ordinal));
        (await _tool.Run(_session, "exit 7")).Should().Be(7);
        (await _tool.Recover(_tool.Spools)).Should().Be(1);
        _tool.Out.Should().Contain("cannot be read: ");
    }

    [Fact]
    public async Task Only_what_is_refused_for_good_can_be_discarded()
    {
        await Leave(_session, "kept"u8.ToArray());
        await relay.Api.CreateSession(_session);
        using var client = new RelayClient(relay.Host.BaseAddress);
        await using var other = client.OpenWriter(_session);
        await other.WriteAsync(OutputType.Stdout, "other"u8.ToArray());
        await other.FlushAsync();

        (await _tool.Recover(_tool.Spools, "--discard-refused", "--flush-timeout", "2s")).Should().Be(1);
        _tool.Out.Should().Contain("did not take it within 2 s; it stays in ").And.Contain("another", "that is why");
        _tool.Left.Should().ContainSingle().Which.Refusal.Should().BeNull();
    }

    [Fact]
    public async Task A_run_that_was_to_replace_its_session_still_does_when_it_is_recovered()
    {
        (await _tool.Run(_session, "echo old")).Should().Be(0);
        await _away.Run(_session, "echo new", "--replace", "--flush-timeout", "0s");
        (await _tool.Recover(_away.Spools, "--url", relay.Host.BaseAddress.AbsoluteUri)).Should().Be(0, _tool.Out);
        (await relay.Api.ReadAll(_session)).Should().Equal("new\n"u8.ToArray());
    }

    [Fact]
    [Trait("Category", "EndToEnd")]
    public async Task The_token_is_not_sent_to_a_relay_that_only_a_spool_names()
    {
        using var stranger = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        stranger.Start();
        await Leave("elsewhere", "x"u8.ToArray(), new Uri($"http://{stranger.LocalEndpoint}"));
        await using var run = ChildProcess.Start(
            DotNet.Writer("run", "--session", _session, "--url", relay.Host.BaseAddress.AbsoluteUri, "--spool", _tool.Spools, "--", "cat") with
            {
                Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["RELAY_TOKEN"] = "secret" },
            });
        using var asked = await Eventually.Done(stranger.AcceptTcpClientAsync(), "the leftover's relay is asked");
        var head = new byte[4096];
        var count = await Eventually.Done(asked.GetStream().ReadAsync(head).AsTask(), "the request arrives");
        System.Text.Encoding.ASCII.GetString(head, 0, count).Should().StartWith("PUT /logging_session/elsewhere").And.NotContain("secret");
        run.CloseInput();
        (await run.WaitForExit()).Should().Be(0);
    }

    [Fact]
    public async Task What_a_relay_refuses_for_good_can_be_delivered_into_another_session_or_removed()
    {
        await Leave(_session, "kept"u8.ToArray());
        await relay.Api.CreateSession(_session);
        await relay.Host.Http.DeleteAsync(RelayApi.SessionPath(_session));
        // The relay remembers that the session was there once: the run, which had found it, may not bring it back.
        var spool = _tool.Left.Single().Folder;
        using (var state = SpoolState.Open(spool))
        {
            state.Facts = state.Facts with { IsCreated = true };
        }

        (await _tool.Recover(spool)).Should().Be(1);
        _tool.Out.Should().Contain("refused: ").And.Contain("4 bytes stay in");
        _tool.Left.Single().Refusal.Should().Be(RelayErrorCode.SessionDeleted);
        _tool.Forget();

        var other = RelayApi.NewId();
        (await _tool.Recover(spool, "--session-as", other)).Should().Be(0);
        _tool.Out.Should().Be($"{_session}: 4 bytes delivered into {other}\n");
        (await relay.Api.ReadAll(other)).Should().Equal("kept"u8.ToArray());
        _tool.Left.Should().BeEmpty();
    }

    [Fact]
    public async Task A_job_that_runs_again_can_replace_its_session()
    {
        (await _tool.Run(_session, "echo one")).Should().Be(0);
        (await _tool.Run(_session, "echo two", "--flush-timeout", "5s")).Should().Be(0);
        _tool.Error.Should().Contain("the relay refused the log").And.Contain("deliver it with: relay-writer recover");
        (await _tool.Run(_session, "echo three", "--replace")).Should().Be(0);
        (await relay.Api.ReadAll(_session)).Should().Equal("three\n"u8.ToArray());
    }

    [Theory]
    [InlineData("drop-oldest")]
    [InlineData("block")]
    public async Task What_a_job_prints_after_the_relay_refused_its_log_is_kept_for_another_session(string whenFull)
    {
        await _tool.Run(_session, "echo one");
        using var folder = new TempFolder();
        var script = $"until [ -e {folder["refused"]} ]; do sleep 0.05; done; echo after; exit 3";
        var run = _tool.Run(_session, script, "--when-full", whenFull);
        await Eventually.True(() => _tool.Error.Contains("the relay refused the log, the command runs on and its output is kept here", StringComparison.Ordinal), "it is refused");
        await File.WriteAllTextAsync(folder["refused"], "");
        (await run).Should().Be(3);
        var (other, spool) = (RelayApi.NewId(), _tool.Left.Should().ContainSingle().Which.Folder);
        _tool.Error.Should().Contain($"deliver it with: relay-writer recover {spool} --session-as ID");

        (await _tool.Recover(spool, "--session-as", other)).Should().Be(0, _tool.Out);

        (await relay.Api.ReadAll(other)).Should().Equal("after\n"u8.ToArray());
        (await relay.Api.Status(other))!.ExitCode.Should().Be(3);
    }

    [Theory]
    [InlineData("drop-oldest", false)]
    [InlineData("block", true)]
    public async Task A_refused_job_never_waits_for_a_full_spool_and_keeps_its_oldest_or_its_newest_output(string whenFull, bool keepsOldest)
    {
        await _tool.Run(_session, "echo one");
        using var folder = new TempFolder();
        var script = $"until [ -e {folder["refused"]} ]; do sleep 0.05; done; echo first; head -c 8000000 /dev/zero";
        var run = _tool.Run(_session, script, "--when-full", whenFull, "--spool-limit", "1MiB");
        await Eventually.True(() => _tool.Error.Contains("the relay refused the log", StringComparison.Ordinal), "it is refused");
        await File.WriteAllTextAsync(folder["refused"], "");
        (await Eventually.Done(run, "the job ends")).Should().Be(0);
        var other = RelayApi.NewId();
        (await _tool.Recover(_tool.Left.Single().Folder, "--session-as", other)).Should().Be(0, _tool.Out);

        using var client = new RelayClient(relay.Host.BaseAddress);
        var first = default(LogEntry);
        await foreach (var entry in client.ReadAsync(other))
        {
            first = entry with { Data = entry.Data.ToArray() };
            break;
        }

        first.Should().BeEquivalentTo(new { Kind = keepsOldest ? LogEntryKind.Data : LogEntryKind.Gap, Offset = 0L });
        first.Data.Span.StartsWith("first\n"u8).Should().Be(keepsOldest);
    }

    [Fact]
    public async Task Without_a_place_for_a_spool_the_job_runs_all_the_same()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["file"], "");
        (await _tool.Run(_session, "echo out", "--spool", folder["file"])).Should().Be(0);
        _tool.Error.Should().Contain("no spool can be made");
        (await relay.Api.ReadAll(_session)).Should().Equal("out\n"u8.ToArray());
    }

    [Fact]
    [Trait("Category", "EndToEnd")]
    public async Task In_the_temporary_folder_nothing_is_put_or_taken_that_others_can_reach()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var temporary = new TempFolder();
        var shared = temporary[$"sparklogrelay-spool-{Environment.UserName}"];
        Directory.CreateDirectory(shared);
        File.SetUnixFileMode(shared, File.GetUnixFileMode(shared) | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute);
        await Leave("planted", "x"u8.ToArray());
        Directory.Move(Path.Combine(_tool.Spools, "planted"), Path.Combine(shared, "planted"));
        var homeless = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["HOME"] = temporary["none"],
            ["XDG_STATE_HOME"] = "",
            ["RELAY_SPOOL"] = "",
            ["TMPDIR"] = temporary.Path,
        };

        await using var run = await ChildProcess.Run(
            DotNet.Writer("run", "--session", _session, "--url", relay.Host.BaseAddress.AbsoluteUri, "--", "echo", "out") with { Environment = homeless });
        await using var recover = await ChildProcess.Run(DotNet.Writer("recover") with { Environment = homeless });

        run.ExitCode.Should().Be(0);
        run.StderrText.Should().Contain($"{shared} is open to other users");
        recover.StdoutText.Should().Be("Nothing is left to be delivered.\n");
        Directory.GetFileSystemEntries(shared).Should().Equal(Path.Combine(shared, "planted"));
        (await relay.Api.Status("planted")).Should().BeNull();
    }

    [Theory]
    [InlineData("1KiB")]
    [InlineData("much")]
    [InlineData("1XB")]
    public async Task A_wrong_limit_is_refused(string limit)
    {
        (await _tool.Run(_session, "true", "--spool-limit", limit)).Should().Be(2);
        _tool.Error.Should().Contain($"'{limit}' is not a size");
    }

    /// <summary>Leaves bytes as a writer does that was killed before it could connect.</summary>
    private async Task Leave(string session, byte[] bytes, Uri? url = null)
    {
        using var client = new RelayClient(url ?? relay.Host.BaseAddress);
        var never = new TaskCompletionSource();
        var writer = client.OpenWriter(session, new WriterOptions
        {
            Spool = new SpoolOptions { Folder = Path.Combine(_tool.Spools, session) },
            ConnectAfter = never.Task,
            CloseTimeout = TimeSpan.Zero,
        });
        await writer.WriteAsync(OutputType.Stdout, bytes);
        await writer.DisposeAsync();
        writer.UndeliveredSpool.Should().NotBeNull();
    }
}
