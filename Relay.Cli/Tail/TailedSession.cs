namespace Relay.Cli.Tail;

/// <summary>A session that is shown.</summary>
/// <param name="Name">Its id.</param>
/// <param name="Number">The how many-th it is, from 0: its colour.</param>
internal sealed record TailedSession(string Name, int Number);
