using Relay.Terminal;
using Relay.Writer;

// No handler here: signals are the commands' own. 'run' forwards them to its command, and ends when that does.
return await WriterCommandLine.RunAsync(args, StandardStreams.Open(), CancellationToken.None);
