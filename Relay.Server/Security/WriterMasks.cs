using Relay.Contracts;
using Relay.Redaction;
using Relay.Server.Storage;

namespace Relay.Server.Security;

/// <summary>
/// Masks what one writer appends, on the way into the log. A mask is as long as what it hides, so offsets stay the writer's. What is held is
/// not in the log yet and is not acknowledged.
/// </summary>
internal sealed class WriterMasks(ISessionLog log, WriterLease lease, SecretCounts counts, Func<Redactor> create, TimeProvider time) : IAsyncDisposable
{
    private readonly Lane?[] _lanes = new Lane?[OutputTypes.All.Max(output => (int)output) + 1];

    public SecretCounts Counts => counts;

    /// <summary>Called whenever something was appended, also by the clock.</summary>
    public Action? OnAppended { get; set; }

    /// <inheritdoc cref="ISessionLog.AppendAsync"/>
    public async ValueTask<long> AppendAsync(OutputType output, long? offset, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var lane = LaneOf(output);
        if (offset is { } at && at != lane.End)
        {
            if (at > lane.End)
            {
                return await log.AppendAsync(lease, output, at, data, cancellationToken); // Refuses it.
            }

            // Bytes that were sent before, and are in the log or held. Whether they may lie there is the log's to say.
            await log.AppendAsync(lease, output, Math.Min(at, lane.Written), default, cancellationToken);
            data = data[(int)Math.Min(data.Length, lane.End - at)..];
        }

        if (!data.IsEmpty)
        {
            lane.End += data.Length;
            await lane.Masked.TakeAsync(data);
        }

        return lane.Written;
    }

    /// <inheritdoc cref="ISessionLog.AppendGapAsync"/>
    public async ValueTask<long> AppendGapAsync(OutputType output, long offset, long length, CancellationToken cancellationToken)
    {
        var lane = LaneOf(output);
        await lane.Masked.EndAsync();
        return lane.End = lane.Written = await log.AppendGapAsync(lease, output, offset, length, cancellationToken);
    }

    /// <summary>Whether more bytes of an output are there already, and only wait for the writer's pace.</summary>
    public void NoteMoreOnItsWay(OutputType output, bool isIt) => LaneOf(output).Masked.IsMoreOnItsWay = isIt;

    /// <summary>The writer has sent its last byte: what is held is appended.</summary>
    /// <exception cref="RelayException">The lease is lost, or the store cannot write.</exception>
    public async Task EndAsync()
    {
        foreach (var lane in _lanes)
        {
            await (lane?.Masked.EndAsync() ?? ValueTask.CompletedTask);
        }
    }

    /// <summary>Drops what is held.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var lane in _lanes)
        {
            await (lane?.Masked.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    private Lane LaneOf(OutputType output)
    {
        if (_lanes[(int)output] is { } known)
        {
            return known;
        }

        var begin = lease.Start.FirstOrDefault(start => start.Output == output).WrittenTo;
        Lane? lane = null;
        lane = new Lane { End = begin, Written = begin, Masked = new RedactedOutput(create(), ready => AppendReadyAsync(output, lane!, ready), LoseLease, time) };
        return _lanes[(int)output] = lane;
    }

    private async ValueTask AppendReadyAsync(OutputType output, Lane lane, ReadOnlyMemory<byte> ready)
    {
        lane.Written = await log.AppendAsync(lease, output, null, ready, CancellationToken.None);
        OnAppended?.Invoke();
    }

    /// <summary>What the clock could not append nobody would hear of otherwise; every transport watches the lease.</summary>
    private void LoseLease(Exception failure) => lease.Revoke(failure as RelayException ?? Errors.StorageFailed(failure));

    private sealed class Lane
    {
        public required RedactedOutput Masked { get; init; }

        /// <summary>Where the writer is: the length, and what is held.</summary>
        public long End { get; set; }

        /// <summary>The length of the output.</summary>
        public long Written { get; set; }
    }
}
