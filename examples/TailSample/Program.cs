// Follows a session in a terminal: `dotnet run -- SESSION [URL]`. The blank key pauses and goes on. SessionTail.cs has what a window needs, too.
using System.Collections.Specialized;
using Relay.Client;
using Relay.Contracts;
using TailSample;

if (args is not [var session, ..])
{
    Console.Error.WriteLine("usage: TailSample SESSION [URL]");
    return 2;
}

using var relay = new RelayClient(args is [_, var url] ? new Uri(url) : RelayClientOptions.DefaultUrl);
var tail = new SessionTail(relay, session);

tail.Lines.CollectionChanged += (_, change) =>
{
    if (change.Action == NotifyCollectionChangedAction.Add)
    {
        foreach (TailLine line in change.NewItems!)
        {
            (line.Output == OutputType.Stdout ? Console.Out : Console.Error).WriteLine(line.Text);
        }
    }
};
tail.PropertyChanged += (_, change) =>
{
    if (change.PropertyName == nameof(SessionTail.Status))
    {
        Console.Error.WriteLine($"[{tail.Status}]");
    }
};
if (!Console.IsInputRedirected)
{
    _ = Task.Run(() =>
    {
        while (true)
        {
            tail.IsPaused ^= Console.ReadKey(intercept: true).Key == ConsoleKey.Spacebar;
        }
    });
}

await tail.RunAsync(CancellationToken.None);
return tail.ExitCode ?? 0;
