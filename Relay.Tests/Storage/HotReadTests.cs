using System.Text;
using FluentAssertions;
using Relay.Contracts;
using Relay.Server.Storage;
using Relay.Tests.TestKit;
using Xunit;

namespace Relay.Tests.Storage;

/// <summary>Batches that come out of several blocks of the hot tail.</summary>
public sealed class HotReadTests
{
    [Theory]
    [InlineData(456, 192 * 1024)] // 416 records, each of 512 bytes with what stands around it, are just what a reader takes at once.
    [InlineData(200, 192 * 1024)]
    [InlineData(456, 48 * 1024)]
    public async Task A_batch_ends_wherever_what_a_reader_takes_at_once_does(int length, int maxBytes)
    {
        const int count = 2000;
        await using var disk = new StoreOnDisk();
        var log = await disk.Store.NewSession();
        var lease = await log.Lease();
        using var reader = log.OpenReader(ReadFrom.Start);
        await log.Write(lease, "first");
        reader.ReadOn(maxBytes).Text().Should().Be("first", "what follows begins a batch");
        var message = new string('x', length);
        await log.AppendMessagesAsync(
            lease,
            OutputType.Stdout,
            Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(message, count))),
            Enumerable.Range(1, count).Select(i => i * length).ToArray(),
            CancellationToken.None);

        var back = await Eventually.Done(Task.Run(() => reader.ReadOn(maxBytes)), "the reader comes to the tail");

        back.Data.Should().HaveCount(count).And.OnlyContain(entry => entry.Data.Length == length);
    }
}
