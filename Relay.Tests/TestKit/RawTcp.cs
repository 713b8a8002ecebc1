using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Relay.Tests.TestKit;

/// <summary>A peer that speaks HTTP by hand, so that it can misbehave: answer no ping, break off in the middle, vanish without a goodbye.</summary>
internal sealed class RawTcp : IDisposable
{
    private readonly TcpClient _client = new(AddressFamily.InterNetwork);
    private NetworkStream? _stream;

    public Socket Socket => _client.Client;

    // TcpClient gives it out while the connection stands, and what is left to be read is of interest afterwards as well.
    private NetworkStream Stream => _stream ?? throw new InvalidOperationException("Not connected.");

    /// <param name="relay">Address of the relay.</param>
    /// <param name="from">Which of this machine's addresses to come from, e.g. 127.0.0.9.</param>
    public static async Task<RawTcp> Connect(Uri relay, IPAddress? from = null)
    {
        var peer = new RawTcp();
        if (from is not null)
        {
            peer.Socket.Bind(new IPEndPoint(from, 0));
        }

        await peer._client.ConnectAsync(IPAddress.Loopback, relay.Port);
        peer._stream = peer._client.GetStream();
        return peer;
    }

    /// <summary>Connects, shakes hands and reads the answer up to its blank line.</summary>
    public static async Task<RawTcp> ConnectWebSocket(Uri relay, string path)
    {
        var peer = await Connect(relay);
        try
        {
            var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
            await peer.Send($"GET {path} HTTP/1.1\r\nHost: {relay.Authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n");
            var head = await peer.ReadHead();
            return head.StartsWith("HTTP/1.1 101", StringComparison.Ordinal) ? peer : throw new InvalidOperationException($"The handshake was refused: {head}");
        }
        catch
        {
            peer.Dispose();
            throw;
        }
    }

    public Task Send(string text) => Send(Encoding.ASCII.GetBytes(text));

    public async Task Send(ReadOnlyMemory<byte> bytes) => await Stream.WriteAsync(bytes);

    /// <summary>
    /// One masked text frame, RFC 6455 §5.2 (short payloads only):
    /// <code>
    ///  byte 0: FIN 1, opcode 1    byte 1: MASK 1, length    bytes 2-5: mask    then the payload, masked (here with zeros)
    /// </code>
    /// </summary>
    public Task SendTextFrame(string text)
    {
        var payload = Encoding.UTF8.GetBytes(text);
        if (payload.Length > 125)
        {
            throw new ArgumentException("Only short payloads.", nameof(text));
        }

        return Send(new byte[] { 0x81, (byte)(0x80 | payload.Length), 0, 0, 0, 0 }.Concat(payload).ToArray());
    }

    public async Task<string> ReadHead()
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            var read = Stream.ReadAsync(one).AsTask();
            if (await Eventually.Done(read, "an HTTP answer arrives") == 0)
            {
                break;
            }

            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    /// <summary>Reads until a text has come; what came with it and behind it is in the answer as well. Meant for ASCII.</summary>
    /// <exception cref="IOException">The connection ended before.</exception>
    public async Task<string> ReadUntil(string text)
    {
        var seen = new StringBuilder();
        var buffer = new byte[16 * 1024];
        while (!seen.ToString().Contains(text, StringComparison.Ordinal))
        {
            var read = await Eventually.Done(Stream.ReadAsync(buffer).AsTask(), $"'{text}' arrives", describe: seen.ToString);
            seen.Append(read > 0 ? Encoding.Latin1.GetString(buffer, 0, read) : throw new IOException($"The connection ended before '{text}': {seen}"));
        }

        return seen.ToString();
    }

    /// <summary>All that comes until the other side ends the connection. Meant for ASCII.</summary>
    public Task<string> ReadToEnd() => Eventually.Done(new StreamReader(Stream, Encoding.Latin1).ReadToEndAsync(), "the answer ends");

    /// <summary>Reads and forgets until the other side ends the connection.</summary>
    public async Task WaitForEnd()
    {
        var buffer = new byte[4096];
        try
        {
            while (await Eventually.Done(Stream.ReadAsync(buffer).AsTask(), "the connection is ended") > 0)
            {
            }
        }
        catch (IOException)
        {
            // A reset is an end.
        }
    }

    /// <summary>What a crash of the machine's network stack looks like: RST instead of FIN.</summary>
    public void Vanish()
    {
        _client.LingerState = new LingerOption(true, 0);
        _client.Close();
    }

    public void Dispose() => _client.Dispose();
}
