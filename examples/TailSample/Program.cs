// Follows a session's log, from its first byte to the job's exit code: `dotnet run -- SESSION [URL]`.
// Lost connections and restarts of the relay need no code here: the client goes on where it was.
using Relay.Client;
using Relay.Contracts;

if (args is not [var session, ..])
{
    Console.Error.WriteLine("usage: TailSample SESSION [URL]");
    return 2;
}

using var relay = new RelayClient(args is [_, var url] ? new Uri(url) : RelayClientOptions.DefaultUrl);
using var stdout = Console.OpenStandardOutput();
using var stderr = Console.OpenStandardError();

await foreach (var entry in relay.ReadAsync(session, new ReadOptions { WaitForSession = true }))
{
    switch (entry.Kind)
    {
        case LogEntryKind.Data: (entry.Output == OutputType.Stdout ? stdout : stderr).Write(entry.Data.Span); break;
        case LogEntryKind.Gap: Console.Error.WriteLine($"[{entry.Length} bytes of {entry.Output.ToName()} are missing: {entry.Gap}]"); break;
        case LogEntryKind.Diverged: Console.Error.WriteLine("[the relay lost the end of what you saw in a crash; what follows replaces it]"); break;
        case LogEntryKind.End: return entry.ExitCode ?? 0;
    }
}

return 0;
