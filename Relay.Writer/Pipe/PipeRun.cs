using System.Runtime.InteropServices;
using Relay.Terminal;
using Relay.Writer.Delivering;

namespace Relay.Writer.Pipe;

/// <summary>One run of <c>relay-writer pipe</c>.</summary>
internal sealed class PipeRun(StandardStreams streams, PipeOptions options, TimeProvider time)
{
    private const int BrokenPipe = 141;

    // Ctrl-C reaches the whole pipeline: who writes to us has a moment to say its last words.
    private static readonly TimeSpan GraceAfterSignal = TimeSpan.FromSeconds(1);

    public async Task<int> RunAsync()
    {
        await using var delivery = new Delivery(options.Delivery, streams, time);
        var signalled = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var interrupt = OnSignal(PosixSignal.SIGINT, 130);
        using var terminate = OnSignal(PosixSignal.SIGTERM, 143);
        using var hangUp = OnSignal(PosixSignal.SIGHUP, 129);

        var pump = new OutputPump(streams.OpenInput(), streams.Out, bytes => delivery.SendAsync(options.Output, bytes), time) { EndsWithItsReader = true };
        await pump.RunAsync(signalled.Task, GraceAfterSignal);
        var exitCode = signalled.Task.IsCompleted ? await signalled.Task : pump.IsUnread ? BrokenPipe : 0;

        delivery.GiveUpAfter(options.Delivery.FlushTimeout);
        await (options.Complete ? delivery.CompleteAsync(exitCode: null) : delivery.CloseAsync());
        return exitCode;

        PosixSignalRegistration OnSignal(PosixSignal signal, int code) => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            if (signalled.TrySetResult(code))
            {
                delivery.StopWaiting();
            }
            else
            {
                delivery.GiveUp();
            }
        });
    }
}
