namespace Relay.Tests.Faults;

// Trying what would come of it if the process died now.
internal sealed partial class SimulatedDisk
{
    /// <summary>A disk with the same past, which nobody has mounted and on which nothing fails. What happens to one of the two does not show on the other.</summary>
    public SimulatedDisk Fork()
    {
        lock (_lock)
        {
            var known = new Dictionary<object, object>(ReferenceEqualityComparer.Instance);
            var fork = new SimulatedDisk { _root = Folder(_root), _stale = _stale };
            fork._pending.AddRange(_pending.Select(change => new NameChange([.. change.Parts.Select(part => (Folder(part.Folder), part.Name, Node(part.Node)))])));
            return fork;

            SimulatedFolder Folder(SimulatedFolder folder)
            {
                if (known.TryGetValue(folder, out var there))
                {
                    return (SimulatedFolder)there;
                }

                var copy = new SimulatedFolder();
                known[folder] = copy;
                Copy(folder.Names, copy.Names);
                Copy(folder.DurableNames, copy.DurableNames);
                return copy;
            }

            void Copy(Dictionary<string, object> from, Dictionary<string, object> to)
            {
                foreach (var (name, node) in from)
                {
                    to[name] = Node(node)!;
                }
            }

            object? Node(object? node)
            {
                if (node is SimulatedFolder folder)
                {
                    return Folder(folder);
                }

                if (node is SimulatedFile file && !known.ContainsKey(file))
                {
                    known[file] = file.Fork();
                }

                return node is null ? null : known[node];
            }
        }
    }
}
