using System.Net;
using System.Security.Cryptography;
using FluentAssertions;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Streaming;

/// <summary>One line of 200 MB: nobody may hold it in memory, nobody may cut it.</summary>
[Collection(Alone.Name)]
public sealed class HugeLineTests
{
    private const long Length = 200_000_000;
    private const long HeapLimit = 64 << 20;

    [Fact]
    public async Task A_line_of_200_megabytes_passes_live_and_late_in_bounded_memory()
    {
        await using var relay = await RelayHost.StartAsync();
        var session = await relay.Api.CreateSession();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var source = new LineSource(Length);

        var live = Task.Run(() => HashOf(relay, RelayApi.ReadPath(session, query: "?follow=true")));
        using var answer = await relay.Api.Send(HttpMethod.Put, RelayApi.WritePath(session), new StreamContent(source), deadline: TimeSpan.FromMinutes(2));
        var (liveHash, liveLength) = await Eventually.Done(live, "the live reader has it all", TimeSpan.FromMinutes(2));
        var (lateHash, lateLength) = await Eventually.Done(
            HashOf(relay, RelayApi.ReadPath(session)), "the late reader has it all", TimeSpan.FromMinutes(2));
        var after = GC.GetTotalMemory(forceFullCollection: true);

        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        (liveLength, lateLength).Should().Be((Length, Length));
        liveHash.Should().Be(source.Hash);
        lateHash.Should().Be(source.Hash);
        (source.LargestHeap - before).Should().BeLessThan(HeapLimit, "the line is passed on, not collected");
        (after - before).Should().BeLessThan(HeapLimit, "what was read is let go");
        (await relay.Api.Status(session))!.Outputs["stdout"].Should().BeEquivalentTo(new { Bytes = Length, Lines = 0L });
    }

    private static async Task<(string Hash, long Length)> HashOf(RelayHost relay, string path)
    {
        using var response = await relay.Http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[128 * 1024];
        long length = 0;
        int count;
        while ((count = await body.ReadAsync(buffer)) > 0)
        {
            hash.AppendData(buffer, 0, count);
            length += count;
        }

        return (Convert.ToHexString(hash.GetHashAndReset()), length);
    }

    /// <summary>Bytes without a newline, made as they are asked for; on the way it measures the heap of the server, which is this process.</summary>
    private sealed class LineSource(long length) : Stream
    {
        private const long MeasureEvery = 20_000_000;

        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly Random _random = new(20240229);
        private long _position;
        private long _measured;

        public long LargestHeap { get; private set; }

        public string Hash => Convert.ToHexString(_hash.GetCurrentHash());

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => _position;
            set => throw new NotSupportedException();
        }

        public override int Read(Span<byte> buffer)
        {
            var part = buffer[..(int)Math.Min(buffer.Length, length - _position)];
            _random.NextBytes(part);
            part.Replace((byte)'\n', (byte)'\r');
            _hash.AppendData(part);
            _position += part.Length;
            if (_position - _measured >= MeasureEvery)
            {
                _measured = _position;
                LargestHeap = Math.Max(LargestHeap, GC.GetTotalMemory(forceFullCollection: true));
            }

            return part.Length;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(Read(buffer.Span));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
