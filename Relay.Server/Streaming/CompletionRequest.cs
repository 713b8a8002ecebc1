using Relay.Contracts;
using Relay.Server.Storage;

namespace Relay.Server.Streaming;

/// <summary>A completion over HTTP, checked.</summary>
internal sealed class CompletionRequest
{
    private readonly string? _run;
    private readonly IReadOnlyDictionary<OutputType, CompletionTotal> _totals;

    private CompletionRequest(string? run, int? exitCode, IReadOnlyDictionary<OutputType, CompletionTotal> totals) => (_run, ExitCode, _totals) = (run, exitCode, totals);

    public int? ExitCode { get; }

    /// <exception cref="RelayException">The body says something that cannot be.</exception>
    public static CompletionRequest Check(CompleteSessionBody body)
    {
        if (body.Run is not null)
        {
            HubRequests.CheckRunId(body.Run);
        }

        var totals = body.Totals ?? new Dictionary<string, CompletionTotal>(StringComparer.Ordinal);
        if (totals.Count > 0 && body.Run is null)
        {
            throw LogRequests.Invalid("totals need run: they are compared with what that run stored.");
        }

        return new CompletionRequest(body.Run, body.ExitCode, totals.ToDictionary(total => LogRequests.Output(total.Key), total => CheckTotal(total.Key, total.Value)));
    }

    /// <summary>Both outputs, for the run's next attempt. A request without a run is one of its own, which fails while anybody else writes.</summary>
    public LeaseRequest ToLease() => _run is null
        ? new LeaseRequest($"http-{Guid.NewGuid():N}", 1, OutputTypes.All, 0, Anonymous: true)
        : new LeaseRequest(_run, Attempt: 0, OutputTypes.All, 0);

    /// <summary>
    /// What the log is to compare. A count without a checksum proves nothing when it agrees, so that output stays unchecked; when it differs,
    /// any checksum makes the mismatch. The run holds the lease, so what it stored does not change meanwhile.
    /// </summary>
    public IReadOnlyList<OutputTotal> TotalsToJudge(WriterLease lease) =>
    [
        .. lease.Start
            .Where(start => _totals.TryGetValue(start.Output, out var total) && (total.Crc32C is not null || total.Bytes != start.Stored))
            .Select(start => new OutputTotal(start.Output, _totals[start.Output].Bytes, _totals[start.Output].Crc32C ?? 0)),
    ];

    private static CompletionTotal CheckTotal(string output, CompletionTotal? total) => total is { Bytes: >= 0 }
        ? total
        : throw LogRequests.Invalid($"The total of {output} must be an object with bytes, a whole number of 0 or more.");
}
