using System.Globalization;
using System.Runtime.InteropServices;
using Relay.Client;
using Relay.Contracts;
using Relay.Terminal;

namespace Relay.Writer.Follow;

/// <summary>One run of <c>relay-writer follow</c>: until a signal, or the end of the process it waits for.</summary>
internal sealed class FollowRun(StandardStreams streams, FollowOptions options)
{
    private const int Delivered = 0;
    private const int NotDelivered = 1;
    private const int Refused = 100;

    public async Task<int> RunAsync()
    {
        try
        {
            var delivery = new FollowDelivery(options, streams);
            await using (delivery)
            {
                return await FollowAsync(delivery);
            }
        }
        catch (SpoolInUseException busy)
        {
            Say($"another 'follow' of the same files into the same session is running (its spool is {busy.Folder})");
            return NotDelivered;
        }
    }

    private async Task<int> FollowAsync(FollowDelivery delivery)
    {
        using var ending = new CancellationTokenSource();
        using var giveUp = new CancellationTokenSource();
        using var signals = new EndingSignals(ending, giveUp);
        using var clock = ending.Token.Register(() => giveUp.CancelAfter(options.Delivery.FlushTimeout));
        if (delivery.HasEnded)
        {
            Say("an earlier 'follow' of these files had come to the end; delivering what it left");
            await ending.CancelAsync();
            await delivery.CloseAsync(giveUp.Token);
            return ExitCode(delivery);
        }

        var watch = options.UntilProcess is { } id ? new ProcessWatch(id) : null;
        if (watch is { IsGone: true })
        {
            Say($"there is no process {options.UntilProcess}: reading what there is");
        }

        var gone = watch is null ? Task.CompletedTask : EndWithAsync(watch, ending, giveUp.Token);
        var isWhole = await ReadAsync(delivery, ending, giveUp);
        await gone;
        if (delivery.Refused.IsCompleted)
        {
            return Refused;
        }

        if (!isWhole)
        {
            Say("the files were not read to their ends in time; the same command goes on where this one was");
        }

        var isOver = isWhole && (options.Complete || watch is { IsGone: true });
        await (isOver ? delivery.CompleteAsync(await ExitCodeOfJobAsync(), giveUp.Token) : delivery.CloseAsync(giveUp.Token));
        return isWhole ? ExitCode(delivery) : NotDelivered;
    }

    /// <returns>Whether all was read that is in the files at the end.</returns>
    private async Task<bool> ReadAsync(FollowDelivery delivery, CancellationTokenSource ending, CancellationTokenSource giveUp)
    {
        var followers = options.Files
            .Select(file => new FileFollower(
                file.Value,
                delivery.Checkpoint(file.Key),
                options.Pace,
                (bytes, placeBefore, cancellationToken) => delivery.TakeAsync(file.Key, bytes, placeBefore, cancellationToken),
                Say))
            .ToList();
        try
        {
            var reading = Task.WhenAll(followers.Select(follower => Task.Run(() => follower.RunAsync(ending.Token, giveUp.Token))));
            if (await Task.WhenAny(reading, delivery.Refused) != reading)
            {
                await ending.CancelAsync();
                await giveUp.CancelAsync();
            }

            await reading;
            return true;
        }
        catch (Exception failure) when (failure is OperationCanceledException or RelayException)
        {
            return false;
        }
        finally
        {
            followers.ForEach(follower => follower.Dispose());
        }
    }

    private async Task EndWithAsync(ProcessWatch watch, CancellationTokenSource ending, CancellationToken giveUp)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ending.Token, giveUp);
        try
        {
            await watch.UntilGoneAsync(options.Pace, either.Token);
            await ending.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // A signal came first.
        }
    }

    private async Task<int?> ExitCodeOfJobAsync()
    {
        if (options.ExitCodeFile is not { } file)
        {
            return null;
        }

        try
        {
            var text = (await File.ReadAllTextAsync(file, CancellationToken.None)).Trim();
            if (byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code))
            {
                return code;
            }

            Say($"{file} holds no exit code from 0 to 255: the job's is not known");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Say($"the job's exit code is not known: {failure.Message}");
        }

        return null;
    }

    private static int ExitCode(FollowDelivery delivery) =>
        delivery.Refused.IsCompleted ? Refused : delivery.IsDelivered ? Delivered : NotDelivered;

    private void Say(string message) => streams.Say(WriterCommandLine.Tool, message);

    /// <summary>The first signal ends in good order, the second at once.</summary>
    private sealed class EndingSignals : IDisposable
    {
        private readonly List<PosixSignalRegistration> _registrations = [];

        public EndingSignals(CancellationTokenSource ending, CancellationTokenSource giveUp)
        {
            var count = 0;
            foreach (var signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP])
            {
                _registrations.Add(PosixSignalRegistration.Create(signal, context =>
                {
                    context.Cancel = true;
                    (Interlocked.Increment(ref count) == 1 ? ending : giveUp).Cancel();
                }));
            }
        }

        public void Dispose() => _registrations.ForEach(registration => registration.Dispose());
    }
}
