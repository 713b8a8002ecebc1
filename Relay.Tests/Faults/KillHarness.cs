using FluentAssertions;
using Relay.Contracts;
using Relay.Tests.TestKit;

namespace Relay.Tests.Faults;

/// <summary>
/// A relay in a process of its own under two loads: in one session this process writes and reads, notes every ack and looks at every byte; in
/// the other a real job is written by <c>relay-writer</c> and read by <c>relay tail</c>. In each cycle one party is killed at a random moment and
/// replaced; then everything goes on, and the history is checked.
/// </summary>
internal sealed class KillHarness : IAsyncDisposable
{
    private const string Load = "load";

    // Tails of jobs whose writer was killed and recovered end this long after it left.
    private static readonly string[] Settings = ["--Streaming:ReaderGrace", "00:00:00.2"];

    private readonly Random _random;
    private readonly KillHistory _history = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly RelayServerProcess _server;
    private readonly LoadWriter _writer;
    private readonly LoadReader _reader;
    private readonly Task _writing;
    private readonly Task _reading;
    private KillChapter _chapter;
    private int _jobs;

    private KillHarness(RelayServerProcess server, int seed)
    {
        (_server, _random) = (server, new Random(seed));
        _writer = new LoadWriter(server.BaseAddress, Load, seed, _history);
        _reader = new LoadReader(server.BaseAddress, Load, _history);
        _writing = Task.Run(() => _writer.RunAsync(_stop.Token));
        _reading = Task.Run(() => _reader.RunAsync(_stop.Token));
        _chapter = BeginJob();
    }

    private enum Party
    {
        Server,
        Writer,
        Job,
        Tail,
    }

    /// <summary>How often each party was killed.</summary>
    public Dictionary<string, int> Kills { get; } = new(StringComparer.Ordinal);

    public static async Task<KillHarness> StartAsync(int seed)
    {
        var server = await RelayServerProcess.StartAsync(settings: Settings);
        await server.Api.CreateSession(Load);
        return new KillHarness(server, seed);
    }

    /// <summary>One kill, and what follows from it.</summary>
    public async Task Cycle(int number)
    {
        try
        {
            var party = (Party)_random.Next(4);
            await Moment();
            await Kill(party);
            await GoesOn();
            Check();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"Cycle {number}: {e.Message}\n{_history.Describe()}\n{_chapter.Describe()}", e);
        }
    }

    /// <summary>The end of both loads: the relay's count and checksum, the writer's and the reader's are the same.</summary>
    public async Task<long> FinishAsync()
    {
        await _chapter.EndInGoodOrder();
        _writer.Complete();
        await Eventually.Done(_writing, "the load is completed", describe: () => _history.Describe());
        await Eventually.Done(_reading, "the reader is told the end", describe: () => _history.Describe());
        Check();
        _reader.End.End.Should().Be(EndReason.Completed);
        _reader.End.Totals.Should().BeEquivalentTo(_writer.Totals);
        _reader.Read.Should().Be(_writer.Totals.Sum(total => total.Bytes));
        return _reader.Read;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _chapter.DisposeAsync();
        await _server.DisposeAsync();
        // However they end now: what they found out was looked at before.
        await Task.WhenAll(_writing, _reading).WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _reader.Dispose();
        _stop.Dispose();
    }

    private Task Moment()
    {
        if (_random.Next(2) == 0)
        {
            return _chapter.Moment();
        }

        var acked = _writer.Acked + _random.Next(1, 500_000);
        return Until("acks come", () => _writer.Acked >= acked);
    }

    private async Task Kill(Party party)
    {
        var early = _random.Next(3) == 0;
        var name = party.ToString().ToLowerInvariant();
        Kills[name] = Kills.GetValueOrDefault(name) + 1;
        switch (party)
        {
            case Party.Server:
                await KillServer(early);
                if (_random.Next(4) == 0)
                {
                    await EndJob(_chapter.EndInGoodOrder);
                }

                break;
            case Party.Writer:
                await EndJob(() => _chapter.EndByKillOfWriter(early));
                break;
            case Party.Job:
                await EndJob(_chapter.EndByKillOfJob);
                break;
            case Party.Tail:
                _reader.Drop();
                await _chapter.KillTail(early);
                break;
        }
    }

    private async Task KillServer(bool whileItStarts)
    {
        _history.Note("SIGKILL to the relay");
        await _server.KillHard();
        for (; whileItStarts; whileItStarts = _random.Next(2) == 0)
        {
            _server.Launch();
            await EarlyMoment.Pass(_random);
            _history.Note("SIGKILL to the relay while it starts");
            await _server.KillHard();
        }

        await _server.Start();
    }

    private async Task EndJob(Func<Task> end)
    {
        await end();
        await _chapter.DisposeAsync();
        _chapter = BeginJob();
    }

    private KillChapter BeginJob() => KillChapter.Begin(_server, $"job-{++_jobs}", _random, _history);

    private async Task GoesOn()
    {
        await Task.WhenAll(_chapter.GoesOn(), LoadGoesOn());

        async Task LoadGoesOn()
        {
            var before = _writer.Acked;
            await Until("acks come", () => _writer.Acked > before);
            var acked = _writer.Acked;
            await Until("the reader sees what was acked", () => _reader.Read >= acked);
        }
    }

    private async Task Until(string because, Func<bool> condition)
    {
        await Eventually.True(() => _writing.IsCompleted || _reading.IsCompleted || condition(), because, TimeSpan.FromSeconds(60));
        foreach (var over in new[] { _writing, _reading }.Where(task => task.IsCompleted))
        {
            await over;
            throw new InvalidOperationException("Neither the writer nor the reader of the load ends before it is told to.");
        }
    }

    private void Check() => _history.Check().Should().BeEmpty();
}
