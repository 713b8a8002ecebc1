using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Relay.Contracts;
using Relay.Contracts.Protocol;

namespace Relay.Client.Connections;

/// <summary>
/// Bounds what one connection takes from its relay, whatever that sends. SignalR's client queues stream items and invocations without bound,
/// so they are counted here, on the way in: a relay that sends more than it may is hung up on; presence, a hint, is left out instead.
/// </summary>
/// <remarks>Serves one connection, with one stream at a time. The failure it throws ends the connection and comes out of the stream.</remarks>
internal sealed class ReceiveGuard : IHubProtocol
{
    /// <summary>Most bytes in one message. A batch has some 200 KiB.</summary>
    public const int MaxMessageBytes = 2 * 1024 * 1024;

    /// <summary>
    /// Most memory of the stream's items that wait. It matters only to a relay that means harm: bytes that take little room on the wire and much here.
    /// A batch comes out of some 256 KiB of log at most, so 16 have 4 MiB, and of records of a byte each (57 there, 113 here) some 8 MiB.
    /// </summary>
    public const long MaxWaitingBytes = 8 * 1024 * 1024;

    /// <summary>Most presence events that wait for a listener which has not returned.</summary>
    public const int MaxPresenceEvents = 256;

    private const int ArrayHeader = 32;

    private readonly MessagePackHubProtocol _protocol = new() { MaxMessageBytes = MaxMessageBytes };
    private int _mayWait = int.MaxValue;
    private int _waiting;
    private long _waitingBytes;
    private int _presence;

    public string Name => _protocol.Name;

    public int Version => _protocol.Version;

    public TransferFormat TransferFormat => _protocol.TransferFormat;

    /// <summary>A stream begins, of whose items so many may wait. Without a call there is no bound.</summary>
    public void Expect(int items)
    {
        (_waiting, _waitingBytes) = (0, 0);
        Volatile.Write(ref _mayWait, items);
    }

    /// <summary>An item does not wait any more: another one may come.</summary>
    public void Taken(object item)
    {
        Interlocked.Add(ref _waitingBytes, -MemoryOf(item));
        Interlocked.Decrement(ref _waiting);
    }

    /// <summary>A presence event was listened to.</summary>
    public void PresenceTaken() => Interlocked.Decrement(ref _presence);

    /// <exception cref="InvalidDataException">The relay sent what no relay sends, or more than it may.</exception>
    public bool TryParseMessage(ref ReadOnlySequence<byte> input, IInvocationBinder binder, [NotNullWhen(true)] out HubMessage? message)
    {
        while (_protocol.TryParseMessage(ref input, binder, out message))
        {
            if (message is StreamItemMessage { Item: { } item })
            {
                Count(item);
            }

            // What a client has no method for is dropped by SignalR at once; only presence is queued.
            if (message is not InvocationMessage || HasRoomForPresence())
            {
                return true;
            }
        }

        return false;
    }

    public void WriteMessage(HubMessage message, IBufferWriter<byte> output) => _protocol.WriteMessage(message, output);

    public ReadOnlyMemory<byte> GetMessageBytes(HubMessage message) => _protocol.GetMessageBytes(message);

    public bool IsVersionSupported(int version) => _protocol.IsVersionSupported(version);

    private void Count(object item)
    {
        var mayWait = Volatile.Read(ref _mayWait);
        if (mayWait == int.MaxValue)
        {
            return;
        }

        if (Interlocked.Increment(ref _waiting) > mayWait)
        {
            throw new InvalidDataException($"the relay sent more than it was asked for: {mayWait} items wait already.");
        }

        if (Interlocked.Add(ref _waitingBytes, MemoryOf(item)) > MaxWaitingBytes)
        {
            throw new InvalidDataException($"the relay sent items that take more than {MaxWaitingBytes} bytes of memory.");
        }
    }

    private bool HasRoomForPresence()
    {
        if (Interlocked.Increment(ref _presence) <= MaxPresenceEvents)
        {
            return true;
        }

        Interlocked.Decrement(ref _presence);
        return false;
    }

    private static long MemoryOf(object item)
    {
        return item switch
        {
            LogBatch batch => MemoryOf(batch.Entries),
            WriteAck ack => ArrayHeader + (ack.Outputs.Count * (long)Unsafe.SizeOf<OutputProgress>()),
            _ => 0,
        };
    }

    private static long MemoryOf(IReadOnlyList<LogEntry> entries)
    {
        var sum = 0L;
        for (var i = 0; i < entries.Count; i++)
        {
            sum += Unsafe.SizeOf<LogEntry>() + ArrayHeader + entries[i].Data.Length + ((entries[i].Totals?.Count ?? 0) * (long)Unsafe.SizeOf<OutputTotal>());
        }

        return sum;
    }
}
