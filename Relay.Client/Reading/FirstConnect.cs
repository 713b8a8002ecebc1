namespace Relay.Client.Reading;

/// <summary>Tells a relay that was never there from one that went away: only for the first one there is a time limit.</summary>
internal sealed class FirstConnect(TimeProvider time, TimeSpan? limit)
{
    private readonly long _begun = time.GetTimestamp();
    private bool _succeeded;

    /// <summary>Whether it is time to give up.</summary>
    public bool IsOver => !_succeeded && limit is { } most && time.GetElapsedTime(_begun) >= most;

    public void Succeeded() => _succeeded = true;
}
