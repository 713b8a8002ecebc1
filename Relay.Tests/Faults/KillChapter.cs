using FluentAssertions;
using Relay.Client;
using Relay.Tests.EndToEnd;
using Relay.Tests.TestKit;

namespace Relay.Tests.Faults;

/// <summary>
/// One job under <c>relay-writer run</c> with a spool, and a <c>relay tail</c> that follows it, in a session of their own. It outlives kills of the
/// relay and of the tail; a kill of the writer or of the job ends it, and its end is checked to the last byte.
/// </summary>
internal sealed class KillChapter : IAsyncDisposable
{
    private const int KilledExitCode = 137;

    private readonly RelayServerProcess _server;
    private readonly string _session;
    private readonly KillHistory _history;
    private readonly Random _random;
    private readonly NumberedJob _job = new();
    private readonly TempFolder _spools = new();
    private readonly ChildProcess _writer;
    private ChildProcess _tail;

    private KillChapter(RelayServerProcess server, string session, Random random, KillHistory history)
    {
        (_server, _session, _random, _history) = (server, session, random, history);
        _writer = CliProcess.RunWithSpool(server.BaseAddress, session, _spools.Path, _job.Command);
        _writer.CloseInput();
        _tail = CliProcess.Tail(server.BaseAddress, session, "--wait");
    }

    public static KillChapter Begin(RelayServerProcess server, string session, Random random, KillHistory history)
    {
        history.Note($"job {session} begins");
        return new KillChapter(server, session, random, history);
    }

    /// <summary>Some bytes later, at the writer's.</summary>
    public Task Moment() => _writer.Printed(_writer.StdoutLength + _random.Next(1, 16_000), "the job writes");

    /// <summary>Everyone has found together again: the tail prints what the job wrote after now.</summary>
    public Task GoesOn()
    {
        var now = Math.Max(_tail.StdoutLength, _writer.StdoutLength);
        return _tail.Until(() => _tail.StdoutLength > now, "the tail goes on", TimeSpan.FromSeconds(60));
    }

    /// <summary>Another tail takes the place of one that was killed, and prints everything from the beginning.</summary>
    public async Task KillTail(bool whileItStarts)
    {
        await Kill(_tail, "the tail");
        _job.Stdout.ShouldStartWith(_tail.Stdout, "what the killed tail printed of stdout");
        _job.Stderr.ShouldStartWith(_tail.Stderr, "what the killed tail printed of stderr");
        if (whileItStarts)
        {
            await using var early = CliProcess.Tail(_server.BaseAddress, _session, "--wait");
            await EarlyMoment.Pass(_random);
            await Kill(early, "the tail while it starts");
        }

        await _tail.DisposeAsync();
        _tail = CliProcess.Tail(_server.BaseAddress, _session, "--wait");
    }

    /// <summary>What the writer took is delivered by <c>relay-writer recover</c>, though that is killed as well now and then.</summary>
    public async Task EndByKillOfWriter(bool whileRecovering)
    {
        await Kill(_writer, "the writer");
        _job.End();
        if (whileRecovering)
        {
            await using var early = ChildProcess.Start(DotNet.Writer("recover", _spools.Path));
            await EarlyMoment.Pass(_random);
            await Kill(early, "recover");
        }

        await Verify(exitCode: null);
    }

    public async Task EndByKillOfJob()
    {
        await _writer.Printed(1, "the job has begun");
        _history.Note($"SIGKILL to the job of {_session}");
        PosixSignals.Send(_job.ProcessId, Signal.Kill);
        await _writer.WaitForExit();
        await Verify(KilledExitCode);
    }

    public async Task EndInGoodOrder()
    {
        _history.Note($"job {_session} ends");
        _job.End();
        await _writer.WaitForExit();
        _writer.ShouldHavePassedThrough(_session, _job.Stdout, _job.Stderr, NumberedJob.ExitCode);
        await Verify(NumberedJob.ExitCode);
        _tail.ShouldHavePrinted(_job.Stdout, _job.Stderr, NumberedJob.ExitCode, "the tail");
    }

    public string Describe() => string.Join('\n', $"Session {_session}", _writer.Describe(), _tail.Describe(), _server.Describe());

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        await _tail.DisposeAsync();
        _job.Dispose();
        _spools.Dispose();
    }

    private async Task Kill(ChildProcess process, string who)
    {
        _history.Note($"SIGKILL to {who} of {_session}");
        process.Send(Signal.Kill);
        await process.WaitForExit();
    }

    /// <summary>After the end, whatever it was: recover delivers what is left, and log, writer, job and tail agree.</summary>
    /// <param name="exitCode">What the session was completed with; null when the writer did not live to see it.</param>
    private async Task Verify(int? exitCode)
    {
        await using var recover = await ChildProcess.Run(DotNet.Writer("recover", _spools.Path));
        recover.ExitCode.Should().Be(0, recover.Describe());

        var (stdout, stderr) = await Stored();
        // What the writer took is at least what it passed through, and at most what the job wrote.
        stdout.ShouldStartWith(_writer.Stdout, "the stored stdout");
        _job.Stdout.ShouldStartWith(stdout, "the stored stdout");
        _job.Stderr.ShouldStartWith(stderr, "the stored stderr");
        if (exitCode is not null)
        {
            stdout.ShouldBeExactly(_writer.Stdout, "the stored stdout");
            (await _server.Api.Status(_session))!.ExitCode.Should().Be(exitCode);
            _writer.ExitCode.Should().Be(exitCode);
        }

        SpoolFolder.List(_spools.Path).Should().BeEmpty(recover.Describe());
        if (!await HasBegun())
        {
            _history.Note($"the writer of {_session} had not begun");
            await Kill(_tail, "the tail");
            return;
        }

        await _tail.WaitForExit();
        _tail.ShouldHavePrinted(stdout, stderr, exitCode ?? 0, "the tail");
    }

    /// <summary>Nothing, if the writer was killed before it took a byte: then there may be no session.</summary>
    private async Task<(byte[] Stdout, byte[] Stderr)> Stored() => await _server.Api.Status(_session) is null
        ? ([], [])
        : (await _server.Api.ReadAll(_session), await _server.Api.ReadAll(_session, "stderr"));

    /// <summary>A writer that was killed before it asked for the outputs leaves nothing to be closed, and nothing that a tail would learn.</summary>
    private async Task<bool> HasBegun() => (await _server.Api.Status(_session))?.Outputs.Values.Any(output => output.State != "waiting") ?? false;
}
