using Relay.Contracts;

namespace Relay.Client.Writing;

/// <summary>
/// Maps positions within a run to offsets within an output, as the grant says (docs/protocol.md, 6.2): at the grant the output is
/// <paramref name="WrittenTo"/> long and holds <paramref name="Stored"/> of the run's bytes; the next one of them goes to its end.
/// </summary>
/// <remarks>Below <paramref name="WrittenTo"/> another run's bytes may lie between this run's: there the map is a lower bound, not exact.</remarks>
internal readonly record struct OffsetMap(long WrittenTo, long Stored)
{
    public static OffsetMap From(OutputProgress grant) => new(grant.WrittenTo, grant.Stored);

    public long ToOffset(long position) => WrittenTo + (position - Stored);

    public long ToPosition(long offset) => Math.Max(0, Stored + (offset - WrittenTo));
}
