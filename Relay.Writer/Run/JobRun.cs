using Relay.Contracts;
using Relay.Terminal;
using Relay.Writer.Delivering;

namespace Relay.Writer.Run;

/// <summary>One run of <c>relay-writer run</c>: from the start of the command to its exit code. The command comes first: nothing that happens to the
/// relay stops it or changes its exit code.</summary>
internal sealed class JobRun(StandardStreams streams, RunOptions options, TimeProvider time)
{
    // A command that could not be started is reported too, but nobody wants to wait long for that.
    private static readonly TimeSpan NotStartedFlush = TimeSpan.FromSeconds(3);

    public async Task<int> RunAsync()
    {
        using var signals = new SignalForwarder(stdinIsTerminal: !Console.IsInputRedirected);
        Job job;
        try
        {
            job = Job.Start(options.Command, options.Pty);
        }
        catch (JobNotStartedException failure)
        {
            streams.Say(WriterCommandLine.Tool, failure.Message);
            await ReportNotStartedAsync(failure);
            return failure.ExitCode;
        }

        using (job)
        {
            signals.AttachTo(job);
            SayHowToFollow();
            return await DeliverAsync(job, signals);
        }
    }

    private void SayHowToFollow()
    {
        var (session, url) = (ShellWord.Quote(options.Delivery.Session), ShellWord.Quote(options.Delivery.ShownUrl));
        streams.Say(WriterCommandLine.Tool, $"follow with: relay tail {session} --url {url}");
    }

    private async Task<int> DeliverAsync(Job job, SignalForwarder signals)
    {
        await using var delivery = new Delivery(options.Delivery, streams, time);
        var stdout = new OutputPump(job.Stdout, streams.Out, bytes => delivery.SendAsync(OutputType.Stdout, bytes), time);
        var stderr = new OutputPump(job.Stderr, streams.Error, bytes => delivery.SendAsync(OutputType.Stderr, bytes), time);
        var exited = job.WaitForExitAsync();
        var pumps = Task.WhenAll(stdout.RunAsync(exited, options.OrphanGrace), stderr.RunAsync(exited, options.OrphanGrace));

        var exitCode = await exited;
        // With the command gone there is nobody to forward to: a signal now means that we are to end, too.
        using var impatience = signals.OnceJobIsGone(delivery.GiveUp);
        delivery.GiveUpAfter(options.Delivery.FlushTimeout);
        await pumps;
        await delivery.CompleteAsync(exitCode);
        return exitCode;
    }

    private async Task ReportNotStartedAsync(JobNotStartedException failure)
    {
        await using var delivery = new Delivery(options.Delivery, streams, time);
        delivery.GiveUpAfter(options.Delivery.FlushTimeout < NotStartedFlush ? options.Delivery.FlushTimeout : NotStartedFlush);
        await delivery.SendAsync(OutputType.Stderr, System.Text.Encoding.UTF8.GetBytes($"{WriterCommandLine.Tool}: {failure.Message}\n"));
        await delivery.CompleteAsync(failure.ExitCode);
    }
}
