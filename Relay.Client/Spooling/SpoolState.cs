using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Relay.Client.Writing;
using Relay.Contracts;

namespace Relay.Client.Spooling;

/// <summary>
/// How the run stands towards the relay: the file <c>state</c>. Two slots are written in turn, so that one is whole whenever the process dies.
/// </summary>
/// <remarks>
/// <code>
///  0     4         12        16      17        18          22            30           46            62       70      128
///  ├─────┼─────────┼─────────┼───────┼─────────┼───────────┼─────────────┼────────────┼─────────────┼────────┼───────┤
///  │ crc │ version │ attempt │ flags │ refusal │ exit code │ incarnation │ durable ×2 │ accepted ×2 │ crc ×2 │   0   │
/// </code>
/// Little endian; ×2: stdout, stderr. crc: CRC-32C of the rest of the slot. Flags: 1 created, 2 completing, 4 has exit code. Refusal: 1 + the
/// error code, 0 for none. Accepted and its checksum count where they are ahead of the segments: bytes that found no place were counted here.
/// Durable: how many of the run's bytes
/// the relay last called durable; for a person, as the relay says it again with the next grant.
/// </remarks>
internal sealed class SpoolState : IDisposable
{
    private const int SlotBytes = 128;
    private const int Created = 1;
    private const int Completing = 2;
    private const int HasExitCode = 4;

    private readonly SafeFileHandle _file;
    private readonly long[] _durable = new long[OutputTypes.All.Count];
    private readonly SpoolLane[] _accepted = new SpoolLane[OutputTypes.All.Count];
    private long _version;
    private RunFacts _facts;

    private SpoolState(SafeFileHandle file) => _file = file;

    public RunFacts Facts
    {
        get => _facts;
        set
        {
            if (_facts != value)
            {
                _facts = value;
                Save();
            }
        }
    }

    public static SpoolState Open(string folder)
    {
        var path = Path.Combine(folder, "state");
        var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite);
        if (RandomAccess.GetLength(file) < 2 * SlotBytes)
        {
            // Written through once, so that a disk that is full later does not matter.
            RandomAccess.Write(file, new byte[2 * SlotBytes], 0);
        }

        var state = new SpoolState(file);
        state.Load();
        return state;
    }

    public long Durable(OutputType output) => _durable[SpoolLane.Slot(output)];

    public void SetDurable(OutputType output, long position)
    {
        if (_durable[SpoolLane.Slot(output)] != position)
        {
            _durable[SpoolLane.Slot(output)] = position;
            Save();
        }
    }

    /// <summary>Where the output stands, or stood when it was last stored; without its checkpoint.</summary>
    public SpoolLane Accepted(OutputType output) => _accepted[SpoolLane.Slot(output)];

    /// <summary>Stores where the outputs stand, beyond what the segments tell.</summary>
    public void SetAccepted(SpoolLane[] lanes)
    {
        for (var i = 0; i < lanes.Length; i++)
        {
            _accepted[i] = lanes[i] with { Checkpoint = default };
        }

        Save();
    }

    /// <summary>The bytes go to another session, which has nothing of them, and where nothing was refused yet.</summary>
    public void Redirect()
    {
        Array.Clear(_durable);
        _facts = _facts with { Incarnation = 0, IsCreated = false, Refusal = null };
        Save();
    }

    public void Dispose() => _file.Dispose();

    private void Load()
    {
        var slot = new byte[SlotBytes];
        for (var i = 0; i < 2; i++)
        {
            if (RandomAccess.Read(_file, slot, i * SlotBytes) == SlotBytes
                && BinaryPrimitives.ReadUInt32LittleEndian(slot) == Crc32C.Append(0, slot.AsSpan(4))
                && BinaryPrimitives.ReadInt64LittleEndian(slot.AsSpan(4)) > _version)
            {
                Decode(slot);
            }
        }
    }

    private void Decode(ReadOnlySpan<byte> slot)
    {
        _version = BinaryPrimitives.ReadInt64LittleEndian(slot[4..]);
        var flags = slot[16];
        _facts = new RunFacts(
            BinaryPrimitives.ReadInt32LittleEndian(slot[12..]),
            BinaryPrimitives.ReadInt64LittleEndian(slot[22..]),
            (flags & Created) != 0,
            (flags & Completing) != 0,
            (flags & HasExitCode) != 0 ? BinaryPrimitives.ReadInt32LittleEndian(slot[18..]) : null,
            slot[17] == 0 ? null : (RelayErrorCode)(slot[17] - 1));
        for (var i = 0; i < _durable.Length; i++)
        {
            _durable[i] = BinaryPrimitives.ReadInt64LittleEndian(slot[(30 + (8 * i))..]);
            _accepted[i] = new SpoolLane(
                BinaryPrimitives.ReadInt64LittleEndian(slot[(46 + (8 * i))..]), BinaryPrimitives.ReadUInt32LittleEndian(slot[(62 + (4 * i))..]), default);
        }
    }

    private void Save()
    {
        Span<byte> slot = stackalloc byte[SlotBytes];
        slot.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(slot[4..], ++_version);
        BinaryPrimitives.WriteInt32LittleEndian(slot[12..], _facts.Attempt);
        slot[16] = (byte)((_facts.IsCreated ? Created : 0) | (_facts.IsCompleting ? Completing : 0) | (_facts.ExitCode is null ? 0 : HasExitCode));
        slot[17] = _facts.Refusal is { } refusal ? (byte)(refusal + 1) : (byte)0;
        BinaryPrimitives.WriteInt32LittleEndian(slot[18..], _facts.ExitCode ?? 0);
        BinaryPrimitives.WriteInt64LittleEndian(slot[22..], _facts.Incarnation);
        for (var i = 0; i < _durable.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(slot[(30 + (8 * i))..], _durable[i]);
            BinaryPrimitives.WriteInt64LittleEndian(slot[(46 + (8 * i))..], _accepted[i].Accepted);
            BinaryPrimitives.WriteUInt32LittleEndian(slot[(62 + (4 * i))..], _accepted[i].Crc);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(slot, Crc32C.Append(0, slot[4..]));
        try
        {
            RandomAccess.Write(_file, slot, _version % 2 * SlotBytes);
        }
        catch (IOException)
        {
            // The disk is full or broken. This process knows its facts; what a later one would miss, the relay tells it, or refuses it.
        }
    }
}
