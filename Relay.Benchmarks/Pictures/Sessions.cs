using System.Text;
using Relay.Benchmarks.Contenders;
using Relay.Benchmarks.Load;
using Relay.Client;
using Relay.Contracts;

namespace Relay.Benchmarks.Pictures;

/// <summary>A day of jobs, by real writers.</summary>
internal sealed class Sessions(StagedRelay relay) : IAsyncDisposable
{
    public const string Job = "timetable-delays-2026-01-31";
    private const int LinesPerSecond = 40;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);
    private LogWriter? _job;
    private LogWriter? _ingest;
    private int _tasks;

    /// <summary>Lines that the job has written to its stderr.</summary>
    public int JobLines => _tasks + SparkTexts.Start.Count(c => c == '\n');

    /// <summary>What was before the pictures are taken, the oldest first.</summary>
    public async Task BeginAsync()
    {
        relay.Time.Ago = new TimeSpan(27, 10, 0);
        var backfill = Writer(relay, "feature-store-backfill", "02aa6b1f", ("app", "feature-store"), ("env", "staging"));
        await WriteAsync(backfill, SparkTexts.Start + SparkTexts.Finished(0, 4000), SparkTexts.Table);
        await EndAsync(backfill, new TimeSpan(22, 43, 0), 0);

        relay.Time.Ago = new TimeSpan(3, 12, 0);
        var compaction = Writer(relay, "nightly-compaction", "51de77c0", ("app", "lakehouse"), ("env", "prod"));
        await WriteAsync(compaction, SparkTexts.Start + SparkTexts.Finished(0, 960), "compacted 1,204 files into 37\n");
        await EndAsync(compaction, new TimeSpan(2, 31, 0), 0);

        relay.Time.Ago = new TimeSpan(1, 47, 0);
        var report = Writer(relay, "revenue-report-weekly", "c0ff3e55", ("app", "revenue"), ("env", "prod"), ("team", "finance"));
        await WriteAsync(report, SparkTexts.Start + SparkTexts.Finished(0, 480) + SparkTexts.Failure, "");
        await EndAsync(report, new TimeSpan(1, 29, 0), 3);

        relay.Time.Ago = new TimeSpan(0, 52, 0);
        await LoseAsync("clickstream-sessions");

        relay.Time.Ago = new TimeSpan(0, 38, 0);
        _ingest = Writer(relay, "clickstream-ingest", "b19c04d7", ("app", "clickstream"), ("env", "prod"));
        await WriteAsync(_ingest, SparkTexts.Finished(0, 2000), "");
        await _ingest.FlushAsync();

        relay.Time.Ago = new TimeSpan(0, 14, 0);
        _job = Writer(relay, Job, "7f3a9e21", ("app", "timetable-delays"), ("env", "prod"), ("team", "mobility"));
        await WriteAsync(_job, SparkTexts.Start, SparkTexts.Table);
        await _job.FlushAsync();

        relay.Time.Ago = new TimeSpan(0, 4, 0);
        await relay.Client.CreateSessionAsync("churn-model-training", Labels(("app", "churn"), ("env", "staging")));
        relay.Time.Ago = TimeSpan.Zero;
    }

    /// <summary>The jobs that are live go on for a while.</summary>
    public Task GoOnAsync(TimeSpan time) => Pace.RunAsync(
        (int)(time.TotalSeconds * LinesPerSecond),
        async line =>
        {
            await WriteAsync(_job!, SparkTexts.Finished(_tasks++, 1), "");
            await WriteAsync(_ingest!, SparkTexts.Finished(line, line / LinesPerSecond % 3), "");
        },
        LinesPerSecond);

    /// <summary>Brings the job to where its log is worth a picture: a trace, an error, a table, and a bar that is drawn.</summary>
    /// <returns>The last line that has ended.</returns>
    public async Task<string> ArriveAsync()
    {
        await WriteAsync(_job!, SparkTexts.Finished(_tasks, 12) + SparkTexts.LostTask + SparkTexts.Finished(_tasks + 12, 2), SparkTexts.Table);
        await WriteAsync(_job!, SparkTexts.LastError + SparkTexts.Finished(_tasks + 14, 2), "\e[32mwritten\e[0m s3a://timetable/delays/\e[1mday=2026-01-31\e[0m, 4 partitions\n");
        await WriteAsync(_job!, SparkTexts.Finished(_tasks + 16, 1), "");
        await WriteAsync(_job!, SparkTexts.Progress, "");
        return SparkTexts.Finished(_tasks + 16, 1).TrimEnd('\n');
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var writer in new[] { _job, _ingest }.OfType<LogWriter>())
        {
            await writer.DisposeAsync();
        }
    }

    /// <summary>A writer whose machine goes down.</summary>
    private async Task LoseAsync(string session)
    {
        var start = Programs.Start("relay-writer.dll", ["pipe", "--session", session, "--url", relay.Url.AbsoluteUri, "--no-spool", "--output", "stderr", "--label", "app=clickstream", "--label", "env=prod"]);
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
        using var writer = System.Diagnostics.Process.Start(start)!;
        var outputs = Task.WhenAll(writer.StandardOutput.ReadToEndAsync(), writer.StandardError.ReadToEndAsync());
        var text = SparkTexts.Start + SparkTexts.Finished(0, 700);
        await writer.StandardInput.WriteAsync(text);
        await writer.StandardInput.FlushAsync();
        await UntilAsync(async () => await relay.Client.GetSessionAsync(session) is { } status && status.Outputs.Values.Sum(output => output.Bytes) == Encoding.UTF8.GetByteCount(text));
        writer.Kill();
        await outputs;
        await UntilAsync(async () => await relay.Client.GetSessionAsync(session) is { } status && status.Outputs.Values.All(output => output.Writer is null));
    }

    private async Task EndAsync(LogWriter writer, TimeSpan ago, int exitCode)
    {
        await writer.FlushAsync();
        relay.Time.Ago = ago;
        await writer.CompleteAsync(exitCode);
        await writer.DisposeAsync();
    }

    private static async Task WriteAsync(LogWriter writer, string stderr, string stdout)
    {
        await writer.WriteAsync(OutputType.Stderr, Encoding.UTF8.GetBytes(stderr));
        await writer.WriteAsync(OutputType.Stdout, Encoding.UTF8.GetBytes(stdout));
    }

    private static LogWriter Writer(StagedRelay relay, string session, string run, params (string Name, string Value)[] labels) =>
        relay.Client.OpenWriter(session, new WriterOptions { RunId = run, Labels = Labels(labels) });

    private static Dictionary<string, string> Labels(params (string Name, string Value)[] labels) =>
        labels.ToDictionary(label => label.Name, label => label.Value, StringComparer.Ordinal);

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        while (!await condition())
        {
            await Task.Delay(LookEvery, TimeProvider.System, CancellationToken.None);
        }
    }
}
