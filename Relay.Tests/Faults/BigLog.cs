using System.Security.Cryptography.X509Certificates;
using Relay.Client;
using Relay.Contracts;

namespace Relay.Tests.Faults;

/// <summary>Writes a long log of 96-byte lines, no two of them alike, and knows its count and checksum.</summary>
internal sealed class BigLog : IAsyncDisposable
{
    private const int LineBytes = 96;
    private readonly RelayClient _client;
    private readonly LogWriter _writer;
    private readonly byte[] _block = new byte[480 * LineBytes];
    private long _lines;

    public BigLog(Uri relay, string session, X509Certificate2Collection? authorities = null)
    {
        _client = new RelayClient(new RelayClientOptions { Url = relay, CertificateAuthorities = authorities });
        _writer = _client.OpenWriter(session, new WriterOptions { Outputs = [OutputType.Stdout] });
        _block.AsSpan().Fill((byte)'.');
    }

    public long Bytes { get; private set; }

    public uint Crc32C { get; private set; }

    /// <summary>Writes at least so many bytes more, and returns when the relay has them for good; or, unless it shall wait for that, when the writer has taken them.</summary>
    public async Task WriteAsync(long bytes, bool flush = true)
    {
        for (var end = Bytes + bytes; Bytes < end;)
        {
            for (var at = 0; at < _block.Length; at += LineBytes)
            {
                System.Text.Encoding.ASCII.GetBytes($"{_lines++:d12}", _block.AsSpan(at));
                _block[at + LineBytes - 1] = (byte)'\n';
            }

            await _writer.WriteAsync(OutputType.Stdout, _block);
            Crc32C = global::Relay.Contracts.Crc32C.Append(Crc32C, _block);
            Bytes += _block.Length;
        }

        await (flush ? _writer.FlushAsync() : Task.CompletedTask);
    }

    public Task<CompletionReport> CompleteAsync() => _writer.CompleteAsync(0);

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        _client.Dispose();
    }
}
