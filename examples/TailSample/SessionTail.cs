using System.Collections.ObjectModel;
using System.ComponentModel;
using Relay.Client;
using Relay.Contracts;

namespace TailSample;

/// <summary>A line as it is shown.</summary>
public sealed record TailLine(OutputType Output, string Text);

/// <summary>
/// A session's log as a view model. Make it and call <see cref="RunAsync"/> on the thread of your window: whatever changes here then changes on that
/// thread, because each await of the loop comes back to it. In Avalonia, WPF and MAUI alike:
/// <code>
/// DataContext = tail = new SessionTail(relay, "demo");  _ = tail.RunAsync(closing.Token);
/// &lt;ListBox ItemsSource="{Binding Lines}"/> &lt;TextBlock Text="{Binding Status}"/> &lt;CheckBox IsChecked="{Binding IsPaused}"/>
/// </code>
/// Lost connections and restarts of the relay need no code: the client goes on where it was.
/// </summary>
public sealed class SessionTail(RelayClient relay, string session, int maxLines = 2000) : INotifyPropertyChanged
{
    private readonly Dictionary<OutputType, LineSplitter> _splitters = OutputTypes.All.ToDictionary(output => output, _ => new LineSplitter());
    private TaskCompletionSource? _pause;

    public event PropertyChangedEventHandler? PropertyChanged;

    /// <summary>The newest lines of both outputs, in the order in which the job wrote them.</summary>
    public ObservableCollection<TailLine> Lines { get; } = [];

    /// <summary>How many older lines were let go, so that the list stays small. The relay still has them.</summary>
    public long DroppedLines { get; private set; }

    /// <summary>How many bytes the relay could not give us, and said so.</summary>
    public long MissingBytes { get; private set; }

    /// <summary>The connection, the writer, the end: whatever happened last.</summary>
    public string Status { get; private set; } = "not connected";

    /// <summary>Why nothing more will come; null while it may.</summary>
    public EndReason? End { get; private set; }

    /// <summary>Once the job completed with one.</summary>
    public int? ExitCode { get; private set; }

    /// <summary>While paused nothing is consumed: the relay waits with the next bytes, and neither side's memory grows.</summary>
    public bool IsPaused
    {
        get => _pause is not null;
        set
        {
            var paused = value ? _pause ?? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : null;
            if (Interlocked.Exchange(ref _pause, paused) is { } before && before != paused)
            {
                before.SetResult();
            }

            Changed(nameof(IsPaused));
        }
    }

    /// <summary>Follows the session to its end. The session and the relay may come later.</summary>
    /// <exception cref="RelayException">The relay refused, and no further attempt would help.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // The client calls back on threads of its own; Progress brings the words to the thread that it was made on.
        IProgress<string> status = new Progress<string>(Say);
        var options = new ReadOptions
        {
            WaitForSession = true,
            OnConnectionChange = change => status.Report($"{change.State} {change.Reason?.Message}".TrimEnd()),
            OnPresence = happened => status.Report($"{happened.Kind} {(happened.Output == OutputType.None ? "" : happened.Output.ToName())}".TrimEnd()),
        };
        await foreach (var batch in relay.ReadBatchesAsync(session, options, cancellationToken))
        {
            Add([.. batch.Entries.SelectMany(ToLines)]);
            while (_pause is { } pause)
            {
                await pause.Task.WaitAsync(cancellationToken);
            }
        }
    }

    private IEnumerable<TailLine> ToLines(LogEntry entry)
    {
        switch (entry.Kind)
        {
            case LogEntryKind.Data:
                return _splitters[entry.Output].Split(entry.Data).Select(text => new TailLine(entry.Output, text));
            case LogEntryKind.Gap:
                MissingBytes += entry.Length;
                return [new TailLine(entry.Output, $"[{entry.Length} bytes are missing: {entry.Gap}]")];
            case LogEntryKind.Diverged:
                Say("the relay lost the end of what is shown in a crash; what follows replaces it");
                return [];
            case LogEntryKind.End:
                Say(entry.ExitCode is { } code ? $"{entry.End}, exit code {code}" : $"{entry.End}");
                (End, ExitCode) = (entry.End, entry.ExitCode);
                return _splitters.SelectMany(pair => pair.Value.Rest().Select(text => new TailLine(pair.Key, text)));
            default:
                return []; // An entry of a newer relay.
        }
    }

    /// <summary>A batch is at most 192 KiB: small enough for one go on the window's thread.</summary>
    private void Add(IReadOnlyList<TailLine> lines)
    {
        foreach (var line in lines)
        {
            Lines.Add(line);
        }

        for (; Lines.Count > maxLines; DroppedLines++)
        {
            Lines.RemoveAt(0);
        }

        Changed(null); // All of them.
    }

    private void Say(string status)
    {
        if (End is null)
        {
            Status = status;
            Changed(nameof(Status));
        }
    }

    private void Changed(string? property) => PropertyChanged?.Invoke(this, new PropertyChangedEventArgs(property));
}
