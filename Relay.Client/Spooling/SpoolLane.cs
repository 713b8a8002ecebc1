using Relay.Contracts;

namespace Relay.Client.Spooling;

/// <summary>Where one output of a run stands.</summary>
/// <param name="Accepted">How many bytes were taken: position of the next one.</param>
/// <param name="Crc">CRC-32C of all bytes taken.</param>
/// <param name="Checkpoint">The last one that came with bytes.</param>
internal readonly record struct SpoolLane(long Accepted, uint Crc, ReadOnlyMemory<byte> Checkpoint)
{
    public SpoolLane After(ReadOnlySpan<byte> bytes) => this with { Accepted = Accepted + bytes.Length, Crc = Crc32C.Append(Crc, bytes) };

    /// <summary>The same, by the checksum of the bytes.</summary>
    public SpoolLane After(ReadOnlySpan<byte> bytes, uint crc) => this with { Accepted = Accepted + bytes.Length, Crc = Crc32C.Combine(Crc, crc, bytes) };

    public static int Slot(OutputType output) => (int)output - 1;
}
