using System.Security.Cryptography;
using System.Text;
using Relay.Contracts;
using Relay.Writer.Delivering;

namespace Relay.Writer.Follow;

/// <summary>What <c>relay-writer follow</c> was asked to do.</summary>
internal sealed record FollowOptions
{
    public required DeliveryOptions Delivery { get; init; }

    /// <summary>Which file is which output; absolute paths.</summary>
    public required IReadOnlyDictionary<OutputType, string> Files { get; init; }

    /// <summary>End, and complete the session, when this process is gone.</summary>
    public int? UntilProcess { get; init; }

    /// <summary>Where the job's exit code stands when it has ended.</summary>
    public string? ExitCodeFile { get; init; }

    /// <summary>Complete the session on a signal, too.</summary>
    public bool Complete { get; init; }

    public required FollowPace Pace { get; init; }

    /// <summary>The spool's name: the same for the same files and session, so that a follower finds again where it was.</summary>
    public string SpoolName
    {
        get
        {
            var whose = string.Join('\0', Files.OrderBy(file => file.Key).Select(file => $"{file.Key.ToName()}={file.Value}").Prepend(Delivery.Session));
            return $"follow-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(whose)))[..24]}";
        }
    }
}
