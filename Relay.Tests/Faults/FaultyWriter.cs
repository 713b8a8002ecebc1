using Relay.Contracts;
using Relay.Server.Storage;

namespace Relay.Tests.Faults;

/// <summary>One run's writer: takes a new lease when it lost its own, goes on where the lease says, and repeats what was refused.</summary>
internal sealed class FaultyWriter(FaultyRelay relay, FaultySession session, string run)
{
    private WriterLease? _lease;
    private int _attempt;
    private int _failuresSeen;

    public async Task WriteTo(OutputType output, long end, int pieceBytes = 1500)
    {
        while (session.Acked(output) < end || _lease is null)
        {
            await Do(async (log, lease) =>
            {
                var at = session.Acked(output);
                var to = Math.Min(at + pieceBytes, end);
                if (at >= to)
                {
                    return;
                }

                session.Sending(output, to);
                var length = await log.AppendAsync(lease, output, at, session.Content(output, at, to), CancellationToken.None);
                session.Acknowledged(output, length);
            });
        }
    }

    public async Task Lose(int bytes)
    {
        var at = session.Acked(OutputType.Stdout);
        session.Gap(at, at + bytes);
        while (session.Acked(OutputType.Stdout) < at + bytes)
        {
            await WriteTo(OutputType.Stdout, at); // After a cut, what was before comes first.
            await Do(async (log, lease) =>
            {
                if (session.Acked(OutputType.Stdout) is var from && from >= at)
                {
                    session.Acknowledged(OutputType.Stdout, await log.AppendGapAsync(lease, OutputType.Stdout, from, at + bytes - from, CancellationToken.None));
                }
            });
        }
    }

    /// <summary>Waits until everything is durable; what a failed sync cost is sent again.</summary>
    public async Task Flush()
    {
        var (stdout, stderr) = (session.Acked(OutputType.Stdout), session.Acked(OutputType.Stderr));
        for (var isDurable = false; !isDurable;)
        {
            await WriteTo(OutputType.Stdout, stdout);
            await WriteTo(OutputType.Stderr, stderr);
            isDurable = await Do(async (log, _) =>
            {
                await relay.Flusher.Until(log.FlushAsync(CancellationToken.None));
                session.Flushed();
            });
            isDurable = isDurable && session.Acked(OutputType.Stdout) >= stdout && session.Acked(OutputType.Stderr) >= stderr;
        }
    }

    public async Task Leave()
    {
        if (_lease is not null)
        {
            await (await relay.Log(session.Id)).ReleaseAsync(_lease, inGoodOrder: true);
            _lease = null;
        }
    }

    public async Task<Completion> Complete()
    {
        Completion? completion = null;
        for (var tries = 0; completion is null; tries++)
        {
            if (tries > 200)
            {
                throw new InvalidOperationException("A completion is refused without end.");
            }

            await Do(async (log, lease) => completion = await log.CompleteAsync(lease, 0, [], CancellationToken.None));
        }

        return completion;
    }

    /// <summary>The relay has ended; the run goes on with the next one.</summary>
    public void Disconnected() => (_lease, _failuresSeen) = (null, 0);

    /// <returns>Whether it was done; else the caller looks where it stands and tries again.</returns>
    private async Task<bool> Do(Func<ISessionLog, WriterLease, Task> step)
    {
        var log = await relay.Log(session.Id);
        try
        {
            if (_lease is null)
            {
                _lease = await log.AcquireAsync(new LeaseRequest(run, ++_attempt, OutputTypes.All.ToArray(), 0), CancellationToken.None);
                session.Leased(_lease, mayBeCutBack: relay.SyncFailures > _failuresSeen);
                _failuresSeen = relay.SyncFailures;
            }

            await step(log, _lease);
            return true;
        }
        catch (RelayException e) when (e.IsRetryable)
        {
            relay.ShouldBeTheRightRefusal(e);
            if (_lease?.LossReason is not null)
            {
                _lease = null;
            }

            return false;
        }
    }
}
