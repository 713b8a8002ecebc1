using Xunit;

namespace Relay.Tests.TestKit;

/// <summary>Tests that measure this process (memory, time) and so run while no other test does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "Alone";
}
