namespace Relay.Benchmarks.Load;

/// <summary>What a reader got of the beginning of a log that goes on: what comes behind does not count.</summary>
/// <param name="length">How long the beginning is.</param>
/// <param name="crc">Its checksum.</param>
internal sealed class PrefixReceipt(long length, uint crc) : Receipt(length, () => crc)
{
    public override void Take(ReadOnlySpan<byte> bytes)
    {
        var rest = (int)Math.Min(bytes.Length, Missing);
        if (rest > 0)
        {
            base.Take(bytes[..rest]);
        }
    }
}
