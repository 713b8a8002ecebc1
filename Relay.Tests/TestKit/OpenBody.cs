using System.Net;
using System.Text;
using System.Threading.Channels;

namespace Relay.Tests.TestKit;

/// <summary>The body of a request, sent piece by piece as a job prints: chunked, and each piece goes on its way at once.</summary>
internal sealed class OpenBody : HttpContent
{
    private readonly Channel<byte[]> _pieces = Channel.CreateUnbounded<byte[]>();

    public ValueTask Write(string text) => _pieces.Writer.WriteAsync(Encoding.UTF8.GetBytes(text));

    public void End() => _pieces.Writer.TryComplete();

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await foreach (var piece in _pieces.Reader.ReadAllAsync())
        {
            await stream.WriteAsync(piece);
            await stream.FlushAsync();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        End();
        base.Dispose(disposing);
    }
}
