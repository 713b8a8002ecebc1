namespace Relay.Client;

/// <summary>A spool is in the hands of another writer, which delivers it.</summary>
/// <param name="folder">The spool's folder.</param>
/// <param name="cause">What the system said.</param>
public sealed class SpoolInUseException(string folder, Exception? cause = null)
    : IOException($"The spool {folder} is in use by another writer.", cause)
{
    /// <summary>The spool's folder.</summary>
    public string Folder { get; } = folder;
}
