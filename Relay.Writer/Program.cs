using Relay.Terminal;
using Relay.Writer;

// No handler here: 'run' forwards signals to its command, and ends when that does.
return await WriterCommandLine.RunAsync(args, StandardStreams.Open(), CancellationToken.None);
