using Relay.Server;

return await RelayApplication.RunAsync(args);
