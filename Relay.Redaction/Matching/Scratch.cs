namespace Relay.Redaction.Matching;

/// <summary>What a step is worked out in; one for each thread that runs, so that it costs no memory.</summary>
internal sealed class Scratch
{
    [ThreadStatic]
    private static Scratch? _ofThread;

    private Scratch(int steps) => Seen = new SeenSteps(steps);

    public List<int> Next { get; } = [];

    public List<int> Threads { get; } = [];

    public SeenSteps Seen { get; }

    /// <param name="steps">Of the program.</param>
    public static Scratch For(int steps)
    {
        if (_ofThread is not { } scratch || scratch.Seen.Room < Math.Min(steps, SeenSteps.MostRoom))
        {
            _ofThread = scratch = new Scratch(steps);
        }

        return scratch;
    }

    public void Clear()
    {
        Next.Clear();
        Threads.Clear();
        Seen.Clear();
    }
}

/// <summary>Which steps have been gone through already.</summary>
/// <param name="steps">Of the program. Those beyond <see cref="MostRoom"/> are looked up, so that many own words do not cost each thread megabytes.</param>
internal sealed class SeenSteps(int steps)
{
    public const int MostRoom = 16 * 1024;

    private readonly int[] _rounds = new int[Math.Min(steps, MostRoom)];
    private readonly HashSet<int> _others = [];
    private int _round = 1;

    public int Room => _rounds.Length;

    /// <returns>Whether it is new.</returns>
    public bool Add(int step)
    {
        if (step >= _rounds.Length)
        {
            return _others.Add(step);
        }

        var isNew = _rounds[step] != _round;
        _rounds[step] = _round;
        return isNew;
    }

    public void Clear()
    {
        _others.Clear();
        if (++_round == int.MaxValue)
        {
            Array.Clear(_rounds);
            _round = 1;
        }
    }
}
