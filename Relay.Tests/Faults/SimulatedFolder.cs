namespace Relay.Tests.Faults;

/// <summary>A folder of a <see cref="SimulatedDisk"/>: the names that programs see, and those on the medium. Guarded by the disk's lock.</summary>
internal sealed class SimulatedFolder
{
    /// <summary>A <see cref="SimulatedFile"/> or a <see cref="SimulatedFolder"/> for each name.</summary>
    public Dictionary<string, object> Names { get; } = new(StringComparer.Ordinal);

    /// <summary>Those that a power loss leaves in any case.</summary>
    public Dictionary<string, object> DurableNames { get; } = new(StringComparer.Ordinal);
}

/// <summary>Names that change together, or not at all: one for a creation or a removal, two for a renaming. No node: the name goes.</summary>
internal sealed record NameChange(params (SimulatedFolder Folder, string Name, object? Node)[] Parts)
{
    public void Apply(Func<SimulatedFolder, Dictionary<string, object>> names)
    {
        foreach (var (folder, name, node) in Parts)
        {
            if (node is null)
            {
                names(folder).Remove(name);
            }
            else
            {
                names(folder)[name] = node;
            }
        }
    }
}
