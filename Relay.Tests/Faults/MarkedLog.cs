using System.Security.Cryptography.X509Certificates;
using Relay.Client;

namespace Relay.Tests.Faults;

/// <summary>A <see cref="BigLog"/> that knows its checksum at every mark, so that a reader of any part of it can be checked.</summary>
internal sealed class MarkedLog(Uri relay, string session, X509Certificate2Collection? authorities = null) : IAsyncDisposable
{
    /// <summary>A multiple of what <see cref="BigLog"/> writes at a time.</summary>
    public const int BytesBetweenMarks = 10 * 480 * 96;

    private readonly BigLog _log = new(relay, session, authorities);
    private readonly List<uint> _marks = [0];
    private readonly Lock _lock = new();

    public string Session => session;

    public long Bytes => _log.Bytes;

    public uint Crc32C => _log.Crc32C;

    /// <summary>Writes at least so many bytes more, up to a mark, and returns when the relay has them.</summary>
    public async Task WriteAsync(long bytes)
    {
        for (var end = Bytes + bytes; Bytes < end;)
        {
            await _log.WriteAsync(BytesBetweenMarks, flush: Bytes + BytesBetweenMarks >= end);
            lock (_lock)
            {
                _marks.Add(Crc32C);
            }
        }
    }

    /// <summary>The checksum of everything before <paramref name="offset"/>, which is that of a mark; null to a reader that is there before the writer has noted it.</summary>
    public uint? CrcAt(long offset)
    {
        var mark = (int)(offset / BytesBetweenMarks);
        lock (_lock)
        {
            return mark < _marks.Count ? _marks[mark] : null;
        }
    }

    public Task<CompletionReport> CompleteAsync() => _log.CompleteAsync();

    public ValueTask DisposeAsync() => _log.DisposeAsync();
}
