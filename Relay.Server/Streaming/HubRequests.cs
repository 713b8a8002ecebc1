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

    public static IReadOnlyList<OutputType> ToOutputs(LinesRequest request)
    {
        CheckVersion(request.Version);
        if (request.At.Count > 0)
        {
            return request.At.Count <= LinePage.MaxLines && IsAscending(request.At)
                ? CheckOutputs(request.Outputs)
                : throw Invalid($"at has {request.At.Count} lines; it may have {LinePage.MaxLines}, ascending from 0, none of them twice.");
        }

        if (request.First >= 0 && request.Count is < 1 or > LinePage.MaxLines)
        {
            throw Invalid($"count is {request.Count}; a page has 1–{LinePage.MaxLines} lines.");
        }

        return request.First == long.MinValue ? throw Invalid("first is too small.") : CheckOutputs(request.Outputs);
    }

    public static IReadOnlyList<OutputType> ToOutputs(SearchRequest request)
    {
        CheckVersion(request.Version);
        if (request.Pattern.Length == 0 && request.MinLevel == LineLevel.None)
        {
            throw Invalid("There is nothing to search for: give a pattern, a least level, or both.");
        }

        if (request.Pattern.Length > SearchRequest.MaxPattern)
        {
            throw Invalid($"The pattern has {request.Pattern.Length} characters; it may have {SearchRequest.MaxPattern}.");
        }

        if (request.Limit is < 1 or > SearchRequest.MaxMatches)
        {
            throw Invalid($"limit is {request.Limit}; it must be from 1 to {SearchRequest.MaxMatches}.");
        }

        if (request.From < 0 && !(request.Backwards && request.From == -1))
        {
            throw Invalid($"from is {request.From}; it must be 0 or more, or -1, the end, to search backwards.");
        }

        return Enum.IsDefined(request.MinLevel) ? CheckOutputs(request.Outputs) : throw Invalid($"minLevel is {(int)request.MinLevel}; it must be from 0 (any) and 1 (trace) to 6 (fatal).");
    }

    public static void Check(SessionsRequest request) => CheckVersion(request.Version);

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

    private static bool IsAscending(IReadOnlyList<long> numbers) => numbers[0] >= 0 && numbers.Zip(numbers.Skip(1)).All(pair => pair.First < pair.Second);

    public static RelayException Invalid(string detail) => new(RelayErrorCode.InvalidRequest, detail);
}
