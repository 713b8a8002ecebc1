using System.Text.Json.Serialization;
using Relay.Contracts;

namespace Relay.Cli.Verify;

/// <summary>What is known of an output, or of a session: then the worst of its outputs. Worse is higher.</summary>
[JsonConverter(typeof(FindingNames))]
internal enum Finding
{
    /// <summary>Writer, relay and this reader agree.</summary>
    Verified,

    /// <summary>Relay and this reader agree; the writer reported nothing to compare.</summary>
    Unchecked,

    /// <summary>Relay and this reader agree so far; the session has not completed.</summary>
    NotEnded,

    /// <summary>Bytes are missing.</summary>
    Incomplete,

    /// <summary>Writer, relay and this reader do not agree, or the file that was given does not.</summary>
    Mismatch,
}

/// <summary>Findings as a document says them, such as <c>not_ended</c>.</summary>
internal sealed class FindingNames() : JsonStringEnumConverter<Finding>(System.Text.Json.JsonNamingPolicy.SnakeCaseLower);

/// <summary>One output, verified.</summary>
/// <param name="Account">What this reader was given.</param>
/// <param name="Relay">What the relay says there is.</param>
/// <param name="Status">What the writer said there is.</param>
/// <param name="Finding">The conclusion.</param>
/// <param name="Remarks">What is wrong, and what else should be known, in sentences.</param>
internal sealed record OutputFinding(ReaderAccount Account, OutputTotal Relay, OutputStatus Status, Finding Finding, IReadOnlyList<string> Remarks)
{
    public static OutputFinding Of(SessionReading reading, ReaderAccount account)
    {
        var (relay, status) = (reading.RelayTotal(account.Output), reading.Of(account.Output));
        var remarks = new List<string>();
        var finding = new[]
        {
            JudgeReading(reading, account, relay, remarks),
            reading.Status.State == "completed" ? JudgeWriter(account, relay, status, remarks) : Finding.NotEnded,
        }.Max();
        return new OutputFinding(account, relay, status, finding, remarks);
    }

    /// <summary>Is what this reader was given what the relay stored?</summary>
    private static Finding JudgeReading(SessionReading reading, ReaderAccount account, OutputTotal relay, List<string> remarks)
    {
        if (reading.HasDiverged || account.IsOutOfOrder)
        {
            remarks.Add("the relay's log changed while it was read, as after a crash; try again");
            return Finding.Mismatch;
        }

        if (account.Position != relay.Bytes)
        {
            remarks.Add($"the relay says that there are {relay.Bytes} bytes, but gave this reader {account.Position}");
            return Finding.Mismatch;
        }

        // What the relay once had and has no more is part of its checksum: then there is nothing to compare.
        if (!account.LacksStoredBytes && account.Crc32C != relay.Crc32C)
        {
            remarks.Add("the bytes that this reader was given do not have the relay's checksum");
            return Finding.Mismatch;
        }

        return account.GapCount > 0 ? Finding.Incomplete : Finding.Verified;
    }

    /// <summary>Is what the relay stored, and this reader was given, what the writer wrote?</summary>
    private static Finding JudgeWriter(ReaderAccount account, OutputTotal relay, OutputStatus status, List<string> remarks)
    {
        if (status.WriterOffset > 0)
        {
            remarks.Add($"the first {status.WriterOffset} bytes are of earlier runs; what the last run reported covers its own bytes only");
        }

        switch (status.Verdict)
        {
            case "mismatch":
                remarks.Add("the relay did not store what the writer wrote");
                return Finding.Mismatch;
            case "incomplete":
                remarks.Add("the writer lost bytes on the way");
                return Finding.Incomplete;
            case "verified" when status is { WriterOffset: { } from, WriterBytes: { } bytes }:
                var agrees = relay.Bytes - from == bytes && (account.GapCount > 0 || status.WriterCrc32C is null || account.OwnCrc32C == status.WriterCrc32C);
                if (!agrees)
                {
                    remarks.Add("the bytes that this reader was given are not those that the writer reported");
                }

                return agrees ? Finding.Verified : Finding.Mismatch;
            case "verified":
                remarks.Add("the last run's bytes lie in several pieces; the relay compared them, this reader cannot");
                return Finding.Verified;
            default:
                return NothingToCompare(relay, status, remarks);
        }
    }

    private static Finding NothingToCompare(OutputTotal relay, OutputStatus status, List<string> remarks)
    {
        if (relay.Bytes == 0 && status.WriterBytes is null or 0)
        {
            return Finding.Verified; // Nobody wrote, nobody said that there was something.
        }

        remarks.Add(status.WriterBytes is null ? "the writer reported no totals to compare" : "another run wrote behind the one that completed, so its totals were not compared");
        return Finding.Unchecked;
    }
}
