using Relay.Contracts;
using Relay.Server.Storage;

namespace Relay.Tests.Faults.Model;

/// <summary>One reader: what it has been given so far, over all its connections.</summary>
internal sealed class ModelReader(int number)
{
    public ILogReader? Connection { get; set; }

    /// <summary>Where it resumes; null before its first connection.</summary>
    public ReadCursor? Cursor { get; set; }

    /// <summary>Per output, the offset that must come next; missing where it does not know yet.</summary>
    public Dictionary<OutputType, long> Next { get; } = [];

    /// <summary>The last record that survived of those it saw, when some did not: the next that it hears must be this.</summary>
    public int? MustHearOf { get; set; }

    /// <summary>What it may hear instead: the epoch that a cut began may be on the disk, though the cut was not finished.</summary>
    public int? MayHearOf { get; set; }

    public void Forget()
    {
        Connection?.Dispose();
        (Connection, Cursor, MustHearOf, MayHearOf) = (null, null, null, null);
        Next.Clear();
    }

    public override string ToString() => $"reader {number}";
}
