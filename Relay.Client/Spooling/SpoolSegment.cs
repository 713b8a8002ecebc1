using System.Buffers.Binary;
using System.Globalization;
using Relay.Contracts;

namespace Relay.Client.Spooling;

/// <summary>
/// One file of a spool: a header that says where each output stood when the file was begun, so that older files can go, and records.
/// </summary>
/// <remarks>
/// <code>
///  0        8      12         16                                                    576
///  ├────────┼──────┼──────────┼──────────────────────────┬──────────────────────────┤
///  │RLYSPOOL│ crc  │ reserved │ stdout: accepted 8, crc 4,│ stderr: the same         │ records…
///  │        │      │          │ checkpoint length 4 + 256 │                          │
/// </code>
/// Little endian. crc: CRC-32C of bytes 12–575. Lanes have 272 bytes each; the rest is zero.
/// </remarks>
internal sealed class SpoolSegment : IDisposable
{
    public const int HeaderBytes = 576;
    private const int LaneBytes = 16 + SpoolRecord.MaxCheckpointBytes;
    private const int LanesAt = 16;

    private readonly ISegmentBytes _bytes;

    private SpoolSegment(ISegmentBytes bytes, long number, SpoolLane[] lanes)
    {
        (_bytes, Number) = (bytes, number);
        (Begin, Lanes) = (lanes, [.. lanes]);
    }

    public long Number { get; }

    /// <summary>Where each output stood when the file was begun.</summary>
    public SpoolLane[] Begin { get; }

    /// <summary>Where each output stands at the end of this file.</summary>
    public SpoolLane[] Lanes { get; }

    /// <summary>Bytes of the file that count: header and whole records.</summary>
    public long Length { get; private set; } = HeaderBytes;

    /// <summary>Whether it does not tell where the outputs stood when it was begun.</summary>
    public bool IsHeaderDamaged { get; private init; }

    /// <summary>Whether it goes with the process.</summary>
    public bool IsInMemory => _bytes is SegmentMemory;

    /// <exception cref="IOException">The disk is full, or fails.</exception>
    public static SpoolSegment Create(string folder, long number, SpoolLane[] lanes)
    {
        // A new one: what was there would be cut off, and of a file that was cut ext4 writes all to the disk when it is closed, however soon it is removed.
        var file = SegmentFile.Open(PathOf(folder, number), FileMode.CreateNew);
        try
        {
            file.Write([EncodeHeader(lanes)], 0);
            return new SpoolSegment(file, number, [.. lanes]);
        }
        catch
        {
            file.Delete();
            throw;
        }
    }

    public static SpoolSegment CreateInMemory(long number, SpoolLane[] lanes)
    {
        var memory = new SegmentMemory();
        memory.Write([EncodeHeader(lanes)], 0);
        return new SpoolSegment(memory, number, [.. lanes]);
    }

    /// <summary>Opens a file that an earlier process left; what is in it is not looked at.</summary>
    /// <returns><c>null</c> when the process died while it made the file: then there is nothing in it.</returns>
    public static SpoolSegment? Open(string folder, long number)
    {
        var file = SegmentFile.Open(PathOf(folder, number), FileMode.Open);
        if (file.Length < HeaderBytes)
        {
            file.Dispose();
            return null;
        }

        var header = new byte[HeaderBytes];
        file.Read(header, 0);
        var lanes = DecodeHeader(header);
        return new SpoolSegment(file, number, lanes ?? new SpoolLane[OutputTypes.All.Count]) { IsHeaderDamaged = lanes is null };
    }

    /// <summary>Numbers of the files that are there, ascending.</summary>
    public static IReadOnlyList<long> Numbers(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*.segment")
            .Select(path => long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0)
            .Where(number => number > 0)
            .Order(),
    ];

    /// <summary>Adds records. What a failed write left behind is overwritten by the next.</summary>
    /// <exception cref="IOException">The disk is full, or fails.</exception>
    public void Append(IReadOnlyList<ReadOnlyMemory<byte>> parts, int bytes, OutputType output, SpoolLane after)
    {
        _bytes.Write(parts, Length);
        Accept(bytes, output, after);
    }

    /// <summary>A record was found in the file.</summary>
    public void Accept(int bytes, OutputType output, SpoolLane after)
    {
        Length += bytes;
        Lanes[SpoolLane.Slot(output)] = after;
    }

    /// <summary>In the place of a damaged header: where the outputs stand before it.</summary>
    public void AcceptBegin(SpoolLane[] lanes)
    {
        lanes.CopyTo(Begin, 0);
        lanes.CopyTo(Lanes, 0);
    }

    /// <summary>Bytes that cannot be read lie between the records.</summary>
    public void AcceptDamage(long bytes) => Length += bytes;

    /// <summary>All of the file belongs to it, up to where the next one begins.</summary>
    public void AcceptAll(SpoolSegment next)
    {
        Length = Math.Max(HeaderBytes, ((SegmentFile)_bytes).Length);
        next.Begin.CopyTo(Lanes, 0);
    }

    /// <summary>Gives a segment in memory a file after all.</summary>
    /// <exception cref="IOException">The disk is full, or fails.</exception>
    public void Save(string folder)
    {
        using var file = SegmentFile.Open(PathOf(folder, Number), FileMode.Create);
        ((SegmentMemory)_bytes).CopyTo(file);
    }

    /// <inheritdoc cref="ISegmentBytes.Read"/>
    public int Read(Span<byte> target, long offset) => _bytes.Read(target, offset);

    public void Delete() => _bytes.Delete();

    public void Dispose() => _bytes.Dispose();

    private static string PathOf(string folder, long number) => Path.Combine(folder, number.ToString("D8", CultureInfo.InvariantCulture) + ".segment");

    private static byte[] EncodeHeader(SpoolLane[] lanes)
    {
        var header = new byte[HeaderBytes];
        Magic.CopyTo(header);
        for (var i = 0; i < lanes.Length; i++)
        {
            var lane = header.AsSpan(LanesAt + (i * LaneBytes), LaneBytes);
            BinaryPrimitives.WriteInt64LittleEndian(lane, lanes[i].Accepted);
            BinaryPrimitives.WriteUInt32LittleEndian(lane[8..], lanes[i].Crc);
            BinaryPrimitives.WriteInt32LittleEndian(lane[12..], lanes[i].Checkpoint.Length);
            lanes[i].Checkpoint.Span.CopyTo(lane[16..]);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), Crc32C.Append(0, header.AsSpan(12)));
        return header;
    }

    private static SpoolLane[]? DecodeHeader(byte[] header)
    {
        if (!header.AsSpan().StartsWith(Magic) || BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(8)) != Crc32C.Append(0, header.AsSpan(12)))
        {
            return null;
        }

        var lanes = new SpoolLane[OutputTypes.All.Count];
        for (var i = 0; i < lanes.Length; i++)
        {
            var lane = header.AsSpan(LanesAt + (i * LaneBytes), LaneBytes);
            lanes[i] = new SpoolLane(
                BinaryPrimitives.ReadInt64LittleEndian(lane),
                BinaryPrimitives.ReadUInt32LittleEndian(lane[8..]),
                lane.Slice(16, BinaryPrimitives.ReadInt32LittleEndian(lane[12..])).ToArray());
        }

        return lanes;
    }

    private static ReadOnlySpan<byte> Magic => "RLYSPOOL"u8;
}
