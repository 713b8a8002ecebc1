using Relay.Contracts;
using Relay.Server.Storage;

namespace Relay.Tests.Faults.Model;

/// <summary>One run: produces bytes, keeps them until they are durable, and sends again from wherever the relay says.</summary>
internal sealed class ModelWriter(int run)
{
    public int Run => run;

    public string RunId => $"run-{run}";

    public int Attempt { get; set; }

    /// <summary>The incarnation it found; 0 before its first grant.</summary>
    public long Incarnation { get; set; }

    /// <summary>The connection it believes in.</summary>
    public ModelConnection? Connection { get; set; }

    /// <summary>Own bytes produced so far, per output.</summary>
    public Dictionary<OutputType, long> Produced { get; } = OutputTypes.All.ToDictionary(output => output, _ => 0L);

    /// <summary>Own bytes it was told to be durable, and so no longer holds.</summary>
    public Dictionary<OutputType, long> Released { get; } = OutputTypes.All.ToDictionary(output => output, _ => 0L);

    /// <summary>Outputs in which it had to declare a gap.</summary>
    public HashSet<OutputType> GivenUp { get; } = [];
}

/// <summary>
/// What both ends know of one connection. The client may be gone while the relay still has items to take, and another attempt in the run's
/// place: that is what a half-open connection is.
/// </summary>
internal sealed class ModelConnection(ModelWriter writer, ISessionLog log, WriterLease lease)
{
    public ModelWriter Writer => writer;

    public ISessionLog Log => log;

    public WriterLease Lease => lease;

    /// <summary>Sent and not yet taken by the relay.</summary>
    public Queue<ModelItem> OnTheWay { get; } = new();

    /// <summary>Own position of the next byte to send, per output.</summary>
    public Dictionary<OutputType, long> Next { get; } = lease.Start.ToDictionary(start => start.Output, start => start.Stored);

    /// <summary>What the relay has to say once the lease is lost; none while it holds.</summary>
    public RelayErrorCode? LostWith { get; set; }

    /// <summary>The offset of an own position on this connection.</summary>
    public long OffsetOf(OutputType output, long position) => Start(output) is var start ? start.WrittenTo + position - start.Stored : 0;

    /// <summary>The own position of an offset.</summary>
    public long PositionOf(OutputType output, long offset) => Start(output) is var start ? start.Stored + offset - start.WrittenTo : 0;

    public long BaseOf(OutputType output) => Start(output).Base;

    private OutputProgress Start(OutputType output) => lease.Start.Single(start => start.Output == output);
}

/// <summary>A piece of an output on its way: bytes, or as many that are given up.</summary>
internal sealed record ModelItem(OutputType Output, long Offset, byte[] Bytes, bool IsGap);
