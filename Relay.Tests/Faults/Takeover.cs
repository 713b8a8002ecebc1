using FluentAssertions;
using Relay.Contracts;
using Relay.Tests.TestKit;

namespace Relay.Tests.Faults;

/// <summary>
/// One random history of a run whose attempts take over from each other while bytes of the older ones are still under way, are then delivered,
/// and older attempts and strangers come along.
/// </summary>
internal sealed class Takeover(RelayHost relay, int seed) : IAsyncDisposable
{
    private const string Run = "run";
    private const int Bytes = 2000;
    private const int Late = Marks.Writers - 2;
    private const int Stranger = Marks.Writers - 1;

    private readonly Random _random = new(seed);
    private readonly List<RunAttempt> _attempts = [];
    private readonly List<Task> _asides = [];
    private string _session = "";
    private int _earlier;

    /// <summary>The moments at which something may happen besides.</summary>
    private enum Moment
    {
        Successor,
        Granted,
        HalfWay,
        Completed,
    }

    /// <summary>How many bytes of older attempts came after a newer one's lease.</summary>
    public long DelayedBytes => _attempts.Sum(attempt => attempt.Delayed);

    public async Task RunAsync()
    {
        _session = await relay.Api.CreateSession();
        if (_random.Next(2) == 0)
        {
            await FollowAnotherRunAsync();
        }

        var olderOnes = _random.Next(1, 4);
        while (_attempts.Count < olderOnes)
        {
            await BeginSomeAsync(_attempts.Count + 1 < olderOnes && _random.Next(3) == 0 ? 2 : 1);
        }

        var releases = _attempts.ToDictionary(attempt => attempt, _ => (Moment)_random.Next(4));
        var last = new HubAttempt(relay, olderOnes + 1, 10 * (olderOnes + 1));
        Reached(Moment.Successor);
        await last.BeginAsync(_session, Run);
        var older = _attempts.ToList();
        _attempts.Add(last);
        last.IsGranted.Should().BeTrue("no later attempt is there");
        Reached(Moment.Granted);
        await last.SendAsync(_random, Bytes / 2);
        await WrittenAsync(last, Bytes / 2);
        Reached(Moment.HalfWay);
        foreach (var output in OutputTypes.All)
        {
            Marks.Items(_random, last.Mark, output, Math.Max(last.GrantedAt(output), Bytes / 2), Bytes).ToList().ForEach(last.Upload!.Send);
        }

        await WrittenAsync(last, Bytes);
        await Eventually.Done(Task.WhenAll(_asides), "late attempts and strangers are answered");
        var before = await StoredAsync();
        ShouldBelongToTheHolders(before);
        await CompleteAsync(last, before);
        Reached(Moment.Completed);
        foreach (var attempt in older.Where(attempt => attempt.IsGranted))
        {
            await attempt.ShouldBeFencedAsync();
        }

        (await StoredAsync()).Should().BeEquivalentTo(before, options => options.WithStrictOrdering(), "nothing lands behind the completion");

        void Reached(Moment moment)
        {
            foreach (var (attempt, _) in releases.Where(release => release.Value == moment && release.Key.IsGranted))
            {
                attempt.Release();
            }

            if (moment is Moment.Granted or Moment.HalfWay && _random.Next(2) == 0)
            {
                _asides.Add(_random.Next(2) == 0 ? ComeLateAsync(_random.Next(1, olderOnes + 2)) : ComeAsStrangerAsync(_random.Next(3)));
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var attempt in _attempts)
        {
            await attempt.DisposeAsync();
        }
    }

    /// <summary>Begins attempts that are cut off with their bytes under way; several come at the same moment.</summary>
    private async Task BeginSomeAsync(int count)
    {
        var some = Enumerable.Range(_attempts.Count + 1, count).Select(MakeOlder).ToList();
        _attempts.AddRange(some);
        await Task.WhenAll(some.Select(attempt => attempt.BeginAsync(_session, Run)));
        foreach (var attempt in some.Where(attempt => attempt.IsGranted))
        {
            attempt.Hold(_random.Next(Bytes), halfOpen: _random.Next(2) == 0);
            await attempt.SendAsync(_random, Bytes);
        }
    }

    private RunAttempt MakeOlder(int mark) =>
        _random.Next(3) == 0 ? new PutAttempt(relay, mark, vanishes: _random.Next(2) == 0) : new HubAttempt(relay, mark, 10 * mark);

    /// <summary>An attempt with a number that the run has used, its bytes made to fit wherever the end is.</summary>
    private async Task ComeLateAsync(int number)
    {
        var request = new WriteRequest { Session = _session, RunId = Run, Attempt = 10 * number };
        (await HubAttempt.RefusedAsync(relay, request, Everything(Late))).Should().Be(RelayErrorCode.Fenced);
    }

    private async Task ComeAsStrangerAsync(int door)
    {
        switch (door)
        {
            case 0:
                var request = new WriteRequest { Session = _session, RunId = "stranger", Attempt = 1000, Outputs = [OutputType.Stdout] };
                (await HubAttempt.RefusedAsync(relay, request, Everything(Stranger))).Should().Be(RelayErrorCode.WriterAlreadyConnected);
                break;
            case 1:
                using (var answer = await relay.Api.Put(_session, "stdout", Marks.Bytes(Stranger, 0, 50), "?offset=0&run=stranger"))
                {
                    await Problem.Of(answer, System.Net.HttpStatusCode.Conflict, "writer_already_connected");
                }

                break;
            default:
                using (var answer = await relay.Api.Handshake(RelayApi.WritePath(_session)))
                {
                    await Problem.Of(answer, System.Net.HttpStatusCode.Conflict, "writer_already_connected");
                }

                break;
        }
    }

    private IEnumerable<WriteItem> Everything(int writer) => Marks.Items(new Random(seed), writer, OutputType.Stdout, 0, 2 * Bytes);

    private static async Task WrittenAsync(HubAttempt attempt, long to)
    {
        foreach (var output in OutputTypes.All)
        {
            await attempt.Upload!.WrittenAsync(output, to);
        }
    }

    /// <summary>Another run wrote before. Who takes its bytes for a beginning of this one's is refused: they are no retry of them.</summary>
    private async Task FollowAnotherRunAsync()
    {
        _earlier = _random.Next(1, 300);
        await relay.Api.Append(_session, Marks.Bytes(0, 0, _earlier));
        using var answer = await relay.Api.Put(_session, "stdout", Marks.Bytes(Stranger, 0, 50), $"?offset=0&run={Run}");
        await Problem.Of(answer, System.Net.HttpStatusCode.Conflict, "offset_before_run");
    }

    private async Task CompleteAsync(HubAttempt last, IReadOnlyDictionary<OutputType, byte[]> stored)
    {
        var own = stored.ToDictionary(output => output.Key, output => output.Value[(output.Key == OutputType.Stdout ? _earlier : 0)..]);
        last.Upload!.Send(new WriteItem
        {
            Kind = WriteItemKind.Complete,
            Totals = [.. own.Select(output => new OutputTotal(output.Key, output.Value.Length, Crc32C.Append(0, output.Value)))],
        });
        while (last.Upload.Ack.Kind != WriteAckKind.Completed)
        {
            (await last.Upload.NextAsync()).Should().NotBeNull("the completion is answered");
        }

        last.Upload.Ack.Outputs.Should().OnlyContain(output => output.Verdict == Verdict.Verified, "all attempts are of one run");
    }

    private async Task<IReadOnlyDictionary<OutputType, byte[]>> StoredAsync()
    {
        var stored = new Dictionary<OutputType, byte[]>();
        foreach (var output in OutputTypes.All)
        {
            stored[output] = await relay.Api.ReadAll(_session, output.ToName());
        }

        return stored;
    }

    /// <summary>
    /// Whoever lost the lease never wrote again: so the bytes of each attempt stand in one block, the blocks in the order of the leases, and none of
    /// an attempt lies at or behind the place where a later one was granted its lease.
    /// </summary>
    private void ShouldBelongToTheHolders(IReadOnlyDictionary<OutputType, byte[]> stored)
    {
        var grants = _attempts.OfType<HubAttempt>().Where(attempt => attempt.IsGranted).OrderBy(attempt => attempt.Upload!.Grant.FencingNumber).ToList();
        foreach (var (output, bytes) in stored)
        {
            bytes.Should().HaveCount(Bytes);
            var blocks = Marks.Read(bytes);
            blocks.Select(block => block.Writer).Should().OnlyHaveUniqueItems($"who lost the lease of {output} does not write again").And.NotContain([Late, Stranger]);
            foreach (var (earlier, later) in grants.Zip(grants.Skip(1)))
            {
                bytes.AsSpan((int)later.GrantedAt(output)).IndexOfAnyInRange((byte)(earlier.Mark << 5), (byte)((earlier.Mark << 5) | 31))
                    .Should().Be(-1, $"attempt {later.Mark} was granted {output} from {later.GrantedAt(output)}, so attempt {earlier.Mark} has nothing there");
            }

            bytes.AsSpan((int)grants[^1].GrantedAt(output)).ContainsAnyExceptInRange((byte)(grants[^1].Mark << 5), (byte)((grants[^1].Mark << 5) | 31))
                .Should().BeFalse($"the last attempt wrote all of {output} from {grants[^1].GrantedAt(output)}");
        }
    }
}
