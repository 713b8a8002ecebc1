using FluentAssertions;
using Relay.Client.Connections;
using Relay.Contracts;
using Relay.Tests.TestKit;

namespace Relay.Tests.Faults;

/// <summary>
/// Writes <see cref="LoadBytes"/> to both outputs of a session until told to complete, over as many connections as it takes, and notes
/// every ack. It keeps nothing: after a reconnect it sends the end of what the relay has once more, and goes on.
/// </summary>
internal sealed class LoadWriter(Uri relay, string session, int seed, KillHistory history)
{
    private const int MaxItems = 24;
    private const int MaxItemBytes = 4 * 1024;
    private const int MaxSentAgain = 64 * 1024;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(50);

    private readonly Random _random = new(seed);
    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<OutputType, long> _next = OutputTypes.All.ToDictionary(output => output, _ => 0L);
    private long _acked;

    /// <summary>Bytes of both outputs that the relay called written.</summary>
    public long Acked => Volatile.Read(ref _acked);

    /// <summary>Of each output; final once <see cref="RunAsync"/> has ended.</summary>
    public IReadOnlyList<OutputTotal> Totals => [.. _next.Select(end => new OutputTotal(end.Key, end.Value, Crc(end.Key, end.Value)))];

    /// <summary>Ends the run: <see cref="RunAsync"/> returns once the relay has confirmed its totals.</summary>
    public void Complete() => _complete.TrySetResult();

    public async Task RunAsync(CancellationToken stop)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var peer = await HubPeer.ConnectAsync(relay);
                using var upload = await peer.WriteAsync(new WriteRequest { Session = session, RunId = "load", Attempt = attempt });
                await WriteAsync(upload, stop);
                return;
            }
            catch (Exception e) when (!stop.IsCancellationRequested && HubFailures.ToRelay(e) is { IsRetryable: true } lost)
            {
                history.Note($"the writer's attempt {attempt} ended: {lost.Message}");
            }

            await Task.Delay(Retry, TimeProvider.System, stop);
        }
    }

    private async Task WriteAsync(HubUpload upload, CancellationToken stop)
    {
        foreach (var start in upload.Grant.Outputs)
        {
            history.Granted(start);
            _next[start.Output] = start.WrittenTo - Math.Min(_random.Next(MaxSentAgain), start.WrittenTo);
        }

        using var pace = new PeriodicTimer(Pace, TimeProvider.System);
        while (!_complete.Task.IsCompleted)
        {
            SendSome(upload);
            while (upload.Ack.Outputs.Any(progress => progress.WrittenTo < _next[progress.Output]))
            {
                Note(await upload.NextAsync());
            }

            await pace.WaitForNextTickAsync(stop);
        }

        upload.Send(new WriteItem { Kind = WriteItemKind.Complete, ExitCode = 0, Totals = Totals });
        while (upload.Ack.Kind != WriteAckKind.Completed)
        {
            Note(await upload.NextAsync());
        }

        upload.Ack.Outputs.Should().OnlyContain(output => output.Verdict == Verdict.Verified, "count and checksum agree over all kills");
    }

    /// <summary>What is sent again after a reconnect, at once; then a few items, more than were sent before, so that there is something to ack.</summary>
    private void SendSome(HubUpload upload)
    {
        var items = _random.Next(1, MaxItems);
        for (var i = 0; i < items; i++)
        {
            var output = _random.Next(3) == 0 ? OutputType.Stderr : OutputType.Stdout;
            Send(upload, output, _random.Next(1, MaxItemBytes));
        }

        foreach (var progress in upload.Ack.Outputs.Where(progress => _next[progress.Output] <= progress.WrittenTo))
        {
            Send(upload, progress.Output, (int)(progress.WrittenTo - _next[progress.Output]) + 1);
        }
    }

    private void Send(HubUpload upload, OutputType output, int count)
    {
        var offset = _next[output];
        _next[output] += count;
        history.Sent(output, offset + count);
        upload.Send(output, offset, LoadBytes.At(output, offset, count));
    }

    private void Note(WriteAck? ack)
    {
        ack.Should().NotBeNull("the relay does not end an upload that goes on");
        foreach (var progress in ack!.Outputs)
        {
            history.Acked(progress);
        }

        Volatile.Write(ref _acked, ack.Outputs.Sum(progress => progress.WrittenTo));
    }

    private static uint Crc(OutputType output, long length)
    {
        var crc = 0u;
        for (long offset = 0; offset < length; offset += MaxSentAgain)
        {
            crc = Crc32C.Append(crc, LoadBytes.At(output, offset, (int)Math.Min(MaxSentAgain, length - offset)));
        }

        return crc;
    }
}
