using Relay.Server.Storage.Embedded;

namespace Relay.Tests.Faults;

/// <summary>
/// What the architecture promises for each damage, told from the undamaged log alone: what the watermark vouches for is a gap when it is damaged,
/// and costs nothing else; what lies above is a torn tail, which takes all behind it along.
/// </summary>
internal sealed class DamageModel(LogImage image)
{
    private readonly List<ImageRecord> _target = [.. image.Records.Where(record => record.Segment == image.Target)];

    /// <summary>Index of the segment in which a scan begins.</summary>
    private readonly int _first = image.Kind == ImageKind.Closed ? int.MaxValue : image.Headers.FindIndex(header => header.FirstSequence >= image.NotedSegment);

    private bool IsVouchedFor => image.Watermarks.Skip(image.Target + 1).Any(watermark => watermark > SegmentHeader.PageSize);

    /// <summary>Whether the start after the damage looks at a place of the target.</summary>
    private bool IsScanned(long position) =>
        image.Target >= _first && (image.Headers[image.Target].FirstSequence != image.NotedSegment || position >= image.NotedPosition);

    public DamageExpectation Flip(int at)
    {
        if (_target.Find(record => at >= record.Begin && at < record.End) is not { } hit)
        {
            return new DamageExpectation(_ => false, image.End, Copied: false); // The first page holds everything twice.
        }

        var scanned = IsScanned(hit.Begin);
        return scanned && !IsVouchedFor && hit.Begin >= image.Watermarks[image.Target]
            ? new DamageExpectation(record => record.Header.Sequence >= hit.Header.Sequence, hit.Before, Copied: false)
            : new DamageExpectation(record => record == hit, image.End, Copied: scanned);
    }

    public DamageExpectation Cut(int length)
    {
        bool IsCutOff(ImageRecord record) => record.Segment == image.Target && (record.End > length || length < HeaderEnd);

        var isNotedHere = image.Headers[image.Target].FirstSequence == image.NotedSegment;
        var looksAtTarget = image.Target >= _first;
        if (IsVouchedFor || !looksAtTarget)
        {
            return new DamageExpectation(IsCutOff, image.End, Copied: false);
        }

        if (length < HeaderEnd)
        {
            // The file is useless, and with it went the watermark: if the manifest does not say that it was whole, nothing vouches for what follows.
            return isNotedHere && _target[^1].End <= image.NotedPosition
                ? new DamageExpectation(IsCutOff, image.End, Copied: false)
                : new DamageExpectation(record => IsCutOff(record) || record.Segment > image.Target, null, Copied: false);
        }

        // Known to have been there: what still is, what the watermark says if it is still there, and what the manifest says.
        var known = Math.Max(length, isNotedHere ? image.NotedPosition : 0);
        known = Math.Max(known, length >= SlotsEnd ? image.Watermarks[image.Target] : 0);
        var end = _target.LastOrDefault(record => record.End <= known)?.After ?? image.Headers[image.Target].Base;
        var isWhole = end.Sequence == _target[^1].Header.Sequence;
        return new DamageExpectation(
            record => IsCutOff(record) || (!isWhole && record.Segment > image.Target),
            isWhole ? image.End : length is >= SlotsBegin and < SlotsEnd ? null : end,
            Copied: false);
    }

    private const int HeaderEnd = 1024;
    private const int SlotsBegin = 1024;
    private const int SlotsEnd = 1636;
}
