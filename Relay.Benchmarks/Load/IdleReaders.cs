using Relay.Benchmarks.Contenders;

namespace Relay.Benchmarks.Load;

/// <summary>Readers that have read all there is and wait, spread over some sessions whose writers are silent.</summary>
internal sealed class IdleReaders : IAsyncDisposable
{
    private readonly Contender _contender;
    private readonly List<(string Id, ISender Sender)> _sessions = [];
    private readonly List<IReceiver> _receivers = [];

    private IdleReaders(Contender contender) => _contender = contender;

    public static async Task<IdleReaders> OpenAsync(Contender contender, int sessions)
    {
        var idle = new IdleReaders(contender);
        for (var i = 0; i < sessions; i++)
        {
            var id = $"idle-{i}";
            await contender.CreateSessionAsync(id);

            // The writer stays: readers whose writer has left are sent away soon.
            idle._sessions.Add((id, await contender.OpenSenderAsync(id, Wire.Native)));
        }

        return idle;
    }

    /// <summary>Adds so many readers to each session, and waits until a line has reached each of them: only then it is known to be there.</summary>
    public async Task AddAsync(int readers)
    {
        foreach (var (id, sender) in _sessions)
        {
            var receipts = new List<Receipt>();
            for (var i = 0; i < readers; i++)
            {
                receipts.Add(new Receipt(long.MaxValue, () => 0)); // It waits for more than will come.
                _receivers.Add(await _contender.OpenReceiverAsync(id, Wire.Native, receipts[^1]));
            }

            await sender.SendAsync("A line, and then nothing.\n"u8.ToArray());
            await Task.WhenAll(receipts.Select(receipt => receipt.Begun));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_receivers.Select(receiver => receiver.DisposeAsync().AsTask()));
        await Task.WhenAll(_sessions.Select(session => session.Sender.DisposeAsync().AsTask()));
    }
}
