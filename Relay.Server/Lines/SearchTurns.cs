namespace Relay.Server.Lines;

/// <summary>Lets so many searches run at a time; others wait for their turn. Each takes a processor for as long as it runs.</summary>
internal sealed class SearchTurns(int most) : IDisposable
{
    private readonly SemaphoreSlim _free = new(most);

    /// <returns>To be disposed when the search is over.</returns>
    public async Task<IDisposable> TakeAsync(CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        return new Turn(_free);
    }

    public void Dispose() => _free.Dispose();

    private sealed class Turn(SemaphoreSlim free) : IDisposable
    {
        public void Dispose() => free.Release();
    }
}
