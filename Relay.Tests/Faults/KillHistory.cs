using System.Diagnostics;
using System.Globalization;
using Relay.Contracts;

namespace Relay.Tests.Faults;

internal enum KillEventKind
{
    /// <summary>Anything worth knowing when a check fails: who was killed, what broke.</summary>
    Note,

    /// <summary>The writer is about to send up to an offset.</summary>
    Sent,

    /// <summary>The relay granted a new connection: this is what it still has.</summary>
    Granted,

    /// <summary>The relay promised to keep what lies below these offsets.</summary>
    Acked,

    /// <summary>The reader was given the bytes from one offset to another.</summary>
    Read,
}

/// <param name="At">Since the history began.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Output">To which output.</param>
/// <param name="From">Read: the first offset. Granted and acked: durable up to here.</param>
/// <param name="To">Sent, read, granted and acked: written up to here.</param>
/// <param name="Text">Note: what it says.</param>
internal readonly record struct KillEvent(TimeSpan At, KillEventKind Kind, OutputType Output, long From, long To, string Text)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At.TotalSeconds,8:0.000} s  ") + Kind switch
    {
        KillEventKind.Sent => $"sent    {Output} up to {To}",
        KillEventKind.Read => $"read    {Output} {From}–{To}",
        KillEventKind.Note => Text,
        _ => $"{(Kind == KillEventKind.Granted ? "granted" : "acked  ")} {Output} written {To}, durable {From}",
    };
}

/// <summary>
/// What was sent, acknowledged and read of one session, and who was killed when. Whoever tells it something sent says so before, and something
/// received afterwards: so what the order in here forbids cannot have happened in another order. <see cref="Check"/> holds it against the promises.
/// </summary>
internal sealed class KillHistory
{
    private const int Remembered = 2_000;

    private readonly Lock _lock = new();
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly Queue<KillEvent> _past = new();
    private readonly List<KillEvent> _unchecked = [];
    private readonly Dictionary<OutputType, Known> _known = OutputTypes.All.ToDictionary(output => output, _ => new Known());

    public void Note(string text) => Add(KillEventKind.Note, OutputType.None, 0, 0, text);

    public void Sent(OutputType output, long to) => Add(KillEventKind.Sent, output, 0, to);

    public void Granted(OutputProgress start) => Add(KillEventKind.Granted, start.Output, start.DurableTo, start.WrittenTo);

    public void Acked(OutputProgress progress) => Add(KillEventKind.Acked, progress.Output, progress.DurableTo, progress.WrittenTo);

    public void Read(OutputType output, long from, long to) => Add(KillEventKind.Read, output, from, to);

    /// <summary>Looks at what is new since the last check.</summary>
    /// <returns>Every promise that was broken.</returns>
    public IReadOnlyList<string> Check()
    {
        lock (_lock)
        {
            var broken = new List<string>();
            foreach (var happened in _unchecked)
            {
                if (happened.Kind != KillEventKind.Note && Broken(happened, _known[happened.Output]) is { } promise)
                {
                    broken.Add($"{promise}: {happened}");
                }

                _past.Enqueue(happened);
            }

            _unchecked.Clear();
            while (_past.Count > Remembered)
            {
                _past.Dequeue();
            }

            return broken;
        }
    }

    /// <summary>For a failure's message: the last events, and before them the last kills and grants.</summary>
    public string Describe(int count = 40)
    {
        lock (_lock)
        {
            var all = _past.Concat(_unchecked).ToList();
            var rare = all.SkipLast(count).Where(happened => happened.Kind is KillEventKind.Note or KillEventKind.Granted).TakeLast(count);
            return "The last events:\n" + string.Join('\n', rare.Concat(all.TakeLast(count)));
        }
    }

    private static string? Broken(KillEvent happened, Known known)
    {
        var (durable, written) = (happened.From, happened.To);
        switch (happened.Kind)
        {
            case KillEventKind.Sent:
                known.Sent = Math.Max(known.Sent, written);
                return null;
            case KillEventKind.Read:
                var (read, isNext) = (known.Read, happened.From == known.Read);
                known.Read = written;
                return !isNext ? $"the reader was at {read}, so bytes are missing or came twice" : written > known.Sent ? $"only {known.Sent} bytes were sent" : null;
            default:
                var before = known with { };
                known.Written = Math.Max(known.Written, written);
                known.Durable = Math.Max(known.Durable, durable);
                return written < before.Written ? $"acked bytes are lost, {before.Written} were written"
                    : written < before.Read && happened.Kind == KillEventKind.Granted ? $"bytes that the reader saw are lost, it had {before.Read}"
                    : durable < before.Durable ? $"durable bytes are durable no more, {before.Durable} were"
                    : durable > written ? "what is not written cannot be durable"
                    : written > before.Sent ? $"only {before.Sent} bytes were sent"
                    : null;
        }
    }

    private void Add(KillEventKind kind, OutputType output, long from, long to, string text = "")
    {
        lock (_lock)
        {
            _unchecked.Add(new KillEvent(Stopwatch.GetElapsedTime(_began), kind, output, from, to, text));
        }
    }

    private sealed record Known
    {
        public long Sent { get; set; }

        public long Written { get; set; }

        public long Durable { get; set; }

        public long Read { get; set; }
    }
}
