using System.Buffers.Binary;
using System.Net.Sockets;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace Relay.Benchmarks.Load;

/// <summary>
/// One text message a call, and many messages in one write to the socket, as clients do that have a buffer before it. The frame, from RFC 6455, 5.2:
/// <code>
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-----+-------+-+-------------+-------------------------------+
/// |1|0 0 0|   1   |1| length, 126 | 16 bit length, if it was 126  |
/// +-+-----+-------+-+-------------+-------------------------------+
/// |                          masking key                          |   then the payload, masked
/// </code>
/// </summary>
internal sealed class PackedSender : ISender
{
    private const int BufferBytes = 64 * 1024;
    private const int MostHead = 8;
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _filled;

    private PackedSender(Socket socket) => _socket = socket;

    public static async Task<ISender> OpenAsync(Uri url)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(url.Host, url.Port);
        var request = $"GET {url.PathAndQuery} HTTP/1.1\r\nHost: {url.Authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        await socket.SendAsync(Encoding.ASCII.GetBytes(request));
        var answer = new byte[4096];
        var length = 0;
        do
        {
            var read = await socket.ReceiveAsync(answer.AsMemory(length));
            length += read > 0 ? read : throw new IOException("The server hung up in the handshake.");
        }
        while (answer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) < 0);

        return Encoding.ASCII.GetString(answer, 0, length).StartsWith("HTTP/1.1 101", StringComparison.Ordinal)
            ? new PackedSender(socket)
            : throw new IOException($"The server refused the handshake: {Encoding.ASCII.GetString(answer, 0, length)}");
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        if (_filled + MostHead + bytes.Length <= BufferBytes)
        {
            Pack(bytes.Span);
            return ValueTask.CompletedTask;
        }

        return SendFullAsync(bytes);
    }

    public async ValueTask FlushAsync()
    {
        for (var rest = _buffer.AsMemory(0, _filled); !rest.IsEmpty;)
        {
            rest = rest[await _socket.SendAsync(rest)..];
        }

        _filled = 0;
    }

    public async ValueTask DisposeAsync()
    {
        await FlushAsync();
        await _socket.SendAsync(new byte[] { 0x88, 0x80, 0, 0, 0, 0 }); // A close frame without a status.
        _socket.Shutdown(SocketShutdown.Send);
        var scrap = new byte[256];
        while (await _socket.ReceiveAsync(scrap) > 0)
        {
        }

        _socket.Dispose();
    }

    private async ValueTask SendFullAsync(ReadOnlyMemory<byte> bytes)
    {
        await FlushAsync();
        Pack(bytes.Span);
    }

    private void Pack(ReadOnlySpan<byte> payload)
    {
        const int shortest = 126;
        var frame = _buffer.AsSpan(_filled);
        frame[0] = 0x81;
        var head = 2;
        frame[1] = (byte)(0x80 | Math.Min(payload.Length, shortest));
        if (payload.Length >= shortest)
        {
            BinaryPrimitives.WriteUInt16BigEndian(frame[2..], (ushort)payload.Length);
            head = 4;
        }

        const uint key = 0x5bd1e995; // The mask hides bytes from proxies; this one hides nothing from anybody.
        MemoryMarshal.Write(frame[head..], key);
        head += sizeof(uint);
        var masked = frame.Slice(head, payload.Length);
        payload.CopyTo(masked);
        var whole = MemoryMarshal.Cast<byte, ulong>(masked);
        foreach (ref var word in whole)
        {
            word ^= key | ((ulong)key << 32);
        }

        for (var i = whole.Length * sizeof(ulong); i < masked.Length; i++)
        {
            masked[i] ^= (byte)BitOperations.RotateRight(key, 8 * (i & 3));
        }

        _filled += head + payload.Length;
    }
}
