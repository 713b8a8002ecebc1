using Relay.Redaction.Patterns;

namespace Relay.Redaction.Matching;

/// <summary>What a byte is to the places beside it.</summary>
internal enum Neighbour : byte
{
    /// <summary>A newline, or the beginning or end of the log.</summary>
    Newline,
    Word,
    Other,
}

internal static class Surroundings
{
    public static Neighbour Of(byte value) => value == '\n' ? Neighbour.Newline : ByteSet.Word.Contains(value) ? Neighbour.Word : Neighbour.Other;

    public static bool Holds(PlaceKind place, Neighbour before, Neighbour behind) => place switch
    {
        PlaceKind.LineStart => before == Neighbour.Newline,
        PlaceKind.LineEnd => behind == Neighbour.Newline,
        PlaceKind.WordEdge => before == Neighbour.Word != (behind == Neighbour.Word),
        _ => before == Neighbour.Word == (behind == Neighbour.Word),
    };
}
