using Relay.Contracts;
using Relay.Server.Storage;

namespace Relay.Server.Streaming;

/// <summary>Checks what hub clients send, and says what would be right.</summary>
internal static class HubRequests
{
    private const int MaxRunId = 64;

    public static LeaseRequest ToLease(WriteRequest request)
    {
        CheckVersion(request.Version);
        CheckRunId(request.RunId);
        return request.Attempt < 1
            ? throw Invalid($"The attempt is {request.Attempt}; attempts count from 1.")
            : new LeaseRequest(request.RunId, request.Attempt, CheckOutputs(request.Outputs), request.Incarnation);
    }

    public static ReaderWish ToWish(ReadRequest request)
    {
        CheckVersion(request.Version);
        var outputs = CheckOutputs(request.Outputs);
        ReadFrom from = request.Start switch
        {
            ReadStart.Beginning => ReadFrom.Start,
            ReadStart.Cursor => new ReadFrom.After(ReadCursor.Parse(request.Cursor)),
            ReadStart.TailLines when request.TailLines >= 0 => new ReadFrom.LastLines(request.TailLines, outputs),
            ReadStart.TailLines => throw Invalid($"tailLines is {request.TailLines}; it must be 0 or more."),
            ReadStart.Since => new ReadFrom.Since(request.SinceMicros),
            ReadStart.Now => new ReadFrom.Tail(),
            _ => throw Invalid($"start is {(int)request.Start}; it must be 0 (beginning), 1 (cursor), 2 (tailLines), 3 (since) or 4 (now)."),
        };
        return new ReaderWish(outputs, from, request.Follow, EndWhenLost: false);
    }

    public static IReadOnlyList<OutputType> ToOutputs(WatchRequest request)
    {
        CheckVersion(request.Version);
        SessionIds.ThrowIfInvalid(request.Session);
        return CheckOutputs(request.Outputs);
    }

    public static void CheckRunId(string? runId)
    {
        if (string.IsNullOrEmpty(runId) || runId.Length > MaxRunId || runId.Any(char.IsControl))
        {
            throw Invalid($"The run id must have 1–{MaxRunId} characters and no control characters.");
        }
    }

    private static void CheckVersion(int version)
    {
        if (version != ContractVersion.Current)
        {
            throw new RelayException(
                RelayErrorCode.UnsupportedVersion, $"The client speaks contract version {version}; this relay speaks {ContractVersion.Current}. Use a client of the same version.");
        }
    }

    private static IReadOnlyList<OutputType> CheckOutputs(IReadOnlyList<OutputType>? outputs)
    {
        if (outputs is null || outputs.Count == 0)
        {
            return OutputTypes.All;
        }

        foreach (var output in outputs)
        {
            CheckOutput(output);
        }

        return [.. outputs.Distinct()];
    }

    public static void CheckOutput(OutputType output)
    {
        if (!OutputTypes.All.Contains(output))
        {
            throw new RelayException(RelayErrorCode.UnknownOutput, $"Output {(int)output} is unknown; it must be 1 (stdout) or 2 (stderr).");
        }
    }

    public static RelayException Invalid(string detail) => new(RelayErrorCode.InvalidRequest, detail);
}
