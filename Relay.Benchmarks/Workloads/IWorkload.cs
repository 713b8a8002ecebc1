namespace Relay.Benchmarks.Workloads;

/// <summary>Measures one aspect, with servers of its own.</summary>
internal interface IWorkload
{
    /// <summary>Its number, as W1.</summary>
    string Id { get; }

    string Title { get; }

    Task RunAsync(Bench bench);
}
