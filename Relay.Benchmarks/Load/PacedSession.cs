using System.Diagnostics;
using Relay.Benchmarks.Contenders;

namespace Relay.Benchmarks.Load;

/// <summary>One session with a writer that keeps to a pace, and its readers.</summary>
internal sealed class PacedSession : IAsyncDisposable
{
    private readonly Contender _contender;
    private readonly string _session = $"bench-{Guid.NewGuid():N}";
    private readonly StampedLog _log = new();
    private readonly List<StampedReceipt> _receipts = [];
    private readonly List<IReceiver> _receivers = [];
    private ISender? _sender;

    private PacedSession(Contender contender) => _contender = contender;

    public IReadOnlyList<StampedReceipt> Receipts => _receipts;

    /// <summary>Bytes that were handed over and have not been read, of all readers.</summary>
    public long Lag => _receipts.Sum(receipt => receipt.Lag);

    /// <summary>Everybody is connected, and the first line is through.</summary>
    public static async Task<PacedSession> OpenAsync(Contender contender, int readers, int lines, int every)
    {
        var session = new PacedSession(contender);
        await contender.CreateSessionAsync(session._session);
        for (var i = 0; i < readers; i++)
        {
            var receipt = new StampedReceipt(session._log, lines, every);
            session._receipts.Add(receipt);
            session._receivers.Add(await contender.OpenReceiverAsync(session._session, Wire.Native, receipt));
        }

        session._sender = await contender.OpenSenderAsync(session._session, Wire.Native);
        await session.SendAsync();
        await Task.WhenAll(session._receipts.Select(receipt => receipt.Begun));
        return session;
    }

    public ValueTask SendAsync() => _sender!.SendAsync(_log.Next(Stopwatch.GetTimestamp()));

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_receivers.Select(receiver => receiver.DisposeAsync().AsTask()));
        await _sender!.DisposeAsync();
        await _contender.DeleteSessionAsync(_session);
    }
}
