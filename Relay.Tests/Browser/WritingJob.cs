using System.Text;
using Relay.Client;
using Relay.Contracts;
using Relay.Tests.TestKit;

namespace Relay.Tests.Browser;

/// <summary>A job that writes numbered lines through the real client, whatever happens to the relay.</summary>
internal sealed class WritingJob : IAsyncDisposable
{
    private readonly RelayClient _client;
    private readonly LogWriter _writer;

    public WritingJob(Uri relay, string session)
    {
        _client = new RelayClient(relay);
        _writer = _client.OpenWriter(session, new WriterOptions());
    }

    public List<string> Lines { get; } = [];

    public async Task Write(int lines)
    {
        for (var i = 0; i < lines; i++)
        {
            Lines.Add($"line {Lines.Count}: {new string('.', Lines.Count % 60)}");
            await _writer.WriteAsync(OutputType.Stdout, Encoding.UTF8.GetBytes(Lines[^1] + "\n"));
        }
    }

    public Task Complete() => Eventually.Done(_writer.CompleteAsync(0), "the completion is answered", TimeSpan.FromSeconds(60));

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        _client.Dispose();
    }
}
