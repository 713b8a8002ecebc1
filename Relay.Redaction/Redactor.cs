using System.Buffers;
using System.Text;
using Relay.Redaction.Matching;

namespace Relay.Redaction;

/// <summary>What stands in a secret's place.</summary>
internal enum MaskStyle
{
    /// <summary><c>[redacted:RULE]</c>.</summary>
    Named,

    /// <summary>As many <c>*</c> as the secret has bytes, so that no byte behind it moves.</summary>
    SameLength,
}

/// <summary>
/// Masks the secrets in one output, however it is cut into chunks: the same bytes come out as if it had been one. What cannot be the beginning
/// of a secret leaves at once; of what may be, at most 16 KiB are held. Not safe for concurrent use.
/// </summary>
/// <param name="rules">What to mask.</param>
/// <param name="style">With what.</param>
/// <param name="onMasked">Told the name of the rule, once for each secret.</param>
/// <remarks>
/// A watch follows all matches that have begun; while there are none, bytes pass. From the first byte of the first of them on, bytes are held
/// until none is left, and then the rules look at them one by one. A match that has held 16 KiB without an end is no secret, unless it is whole
/// already and only may go on: then it is masked for as long as it does. Which of the two depends on the bytes alone, not on how they came.
/// </remarks>
internal sealed class Redactor(RedactionRules rules, MaskStyle style, Action<string> onMasked)
{
    /// <summary>A match of up to half of this is found wherever it begins.</summary>
    public const int MostHeldBytes = 16 * 1024;

    private const int MostIdleMemory = 128 * 1024;

    private readonly List<FoundSecret> _found = [];
    private ArrayBufferWriter<byte> _masked = new();
    private byte[] _held = [];
    private int _copiedTo; // What lies before this in the data is in _masked, or masked.
    private Neighbour _before; // Of the first byte that is held, or else of the next.
    private AutomatonState _watch = rules.Idle(Neighbour.Newline);
    private bool _mayMatch; // The watch saw the end of a match in what is held.
    private RedactionRule? _openRule; // Its secret is masked already and goes on.
    private AutomatonState? _openState;

    /// <summary>So many bytes wait for what follows them.</summary>
    public int HeldBytes { get; private set; }

    /// <summary>Takes the next bytes.</summary>
    /// <returns>What may go on its way; valid until the next call, and no longer than <paramref name="bytes"/> are.</returns>
    public ReadOnlyMemory<byte> Take(ReadOnlyMemory<byte> bytes)
    {
        Begin();
        var (isHeld, at) = (HeldBytes > 0, HeldBytes);
        if (isHeld)
        {
            Hold(bytes.Span);
        }

        var data = isHeld ? _held.AsMemory(0, HeldBytes) : bytes;
        var passed = Pass(data.Span, at);
        ReadOnlyMemory<byte> ready;
        if (!isHeld && _masked.WrittenCount == 0)
        {
            ready = data[_copiedTo..passed];
        }
        else
        {
            CopyTo(data.Span, passed);
            ready = _masked.WrittenMemory;
        }

        if (passed > 0 || !isHeld)
        {
            _before = Before(data.Span, passed);
            HeldBytes = 0;
            _held = _held.Length > MostIdleMemory ? [] : _held;
            Hold(data.Span[passed..]);
        }

        return ready;
    }

    /// <summary>Decides on what is held as if nothing followed.</summary>
    /// <param name="isEnd">Nothing does. Otherwise a secret that goes on after all is still masked.</param>
    /// <returns>All that was held, masked or not; valid until the next call.</returns>
    public ReadOnlyMemory<byte> Decide(bool isEnd)
    {
        Begin();
        var data = _held.AsSpan(0, HeldBytes);
        if (HeldBytes > 0 && (_mayMatch || rules.MatchesAtEnd(_watch)))
        {
            Find(data, HeldBytes, _before, isEnd: true);
            var last = _found.Find(secret => secret.Open is not null && secret.To == HeldBytes);
            (_openRule, _openState) = (last.Rule, last.Open);
            Mask(data, 0);
        }

        CopyTo(data, HeldBytes);
        _before = isEnd ? Neighbour.Newline : Before(data, HeldBytes);
        _openRule = isEnd ? null : _openRule;
        HeldBytes = 0;
        return _masked.WrittenMemory;
    }

    /// <summary>Forgets what is held: it will come again, or never.</summary>
    public void Drop() => (HeldBytes, _openRule, _before) = (0, null, Neighbour.Newline);

    /// <summary>Decides as much as can be.</summary>
    /// <param name="data">What is held, and what is new.</param>
    /// <param name="at">Where the new begins.</param>
    /// <returns>Where what must wait begins.</returns>
    private int Pass(ReadOnlySpan<byte> data, int at)
    {
        var begin = at > 0 ? 0 : -1; // Of the matches that the watch follows. What is held begins with one.
        at = GoOn(data, at);
        while (true)
        {
            if (begin < 0)
            {
                begin = at = rules.NextCandidate(data, at);
                if (at == data.Length)
                {
                    return at;
                }

                (_watch, _mayMatch) = (rules.Idle(Before(data, at)), false);
            }

            if (Watch(data, ref at, begin + MostHeldBytes))
            {
                if (_mayMatch)
                {
                    Find(data[begin..at], at - begin, Before(data, begin), isEnd: false);
                    Mask(data, begin);
                }

                begin = -1;
            }
            else if (at < begin + MostHeldBytes)
            {
                return begin;
            }
            else if (TrueBegin(data[..at], begin) is var later && later > begin)
            {
                begin = later;
            }
            else
            {
                at = Cut(data, begin, at);
                begin = -1;
            }
        }
    }

    /// <summary>Follows the matches that have begun.</summary>
    /// <returns>Whether none is left.</returns>
    private bool Watch(ReadOnlySpan<byte> data, ref int at, int limit)
    {
        var end = Math.Min(limit, data.Length);
        while (at < end)
        {
            _watch = rules.Next(_watch, data[at++]);
            _mayMatch |= _watch.Matches;
            if (_watch.IsIdle)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// At the end of a chunk bytes are held because they may be the beginning of a text that a match begins with, and need not be. Where the
    /// matches would have begun if all had come at once.
    /// </summary>
    private int TrueBegin(ReadOnlySpan<byte> data, int begin)
    {
        while (true)
        {
            begin = rules.NextCandidate(data, begin);
            var at = begin;
            var watch = rules.Idle(Before(data, at));
            while (at < data.Length)
            {
                watch = rules.Next(watch, data[at++]);
                if (watch.IsIdle)
                {
                    break;
                }
            }

            if (!watch.IsIdle || at == data.Length)
            {
                return begin;
            }

            begin = at;
        }
    }

    /// <summary>
    /// Too much is held. What begins in the first half of it is decided, the second half is looked at anew: so a secret that merely begins where
    /// something long comes to no end is still found.
    /// </summary>
    /// <returns>Where to go on.</returns>
    private int Cut(ReadOnlySpan<byte> data, int begin, int at)
    {
        var middle = begin + (MostHeldBytes / 2);
        if (!_mayMatch)
        {
            return middle;
        }

        Find(data[begin..at], middle - begin, Before(data, begin), isEnd: false);
        var open = _found.FindIndex(secret => secret.Open is not null);
        if (open >= 0)
        {
            (_openRule, _openState) = (_found[open].Rule, _found[open].Open);
            _found[open] = _found[open] with { To = at - begin };
        }

        Mask(data, begin);
        return open >= 0 ? GoOn(data, at) : Math.Max(middle, _copiedTo);
    }

    /// <summary>Masks on where a secret that is masked already goes on.</summary>
    private int GoOn(ReadOnlySpan<byte> data, int at)
    {
        if (_openRule is null)
        {
            return at;
        }

        var begin = at;
        while (at < data.Length)
        {
            _openState = _openRule.Next(_openState!, data[at]);
            at += _openState.IsIdle && !_openState.MatchesHere ? 0 : 1;
            if (_openState.IsIdle)
            {
                _openRule = null;
                break;
            }
        }

        if (style == MaskStyle.SameLength)
        {
            PutStars(at - begin);
        }

        _copiedTo = at;
        return at;
    }

    private void Find(ReadOnlySpan<byte> data, int starts, Neighbour before, bool isEnd)
    {
        _found.Clear();
        foreach (var rule in rules.Rules)
        {
            rule.FindAll(data, starts, before, isEnd, _found);
        }

        // The longest of those that begin together gives its name.
        _found.Sort((one, other) => one.From != other.From ? one.From.CompareTo(other.From) : other.To.CompareTo(one.To));
    }

    /// <summary>Puts masks in the place of what was found; secrets that overlap get one.</summary>
    private void Mask(ReadOnlySpan<byte> data, int begin)
    {
        for (var i = 0; i < _found.Count;)
        {
            var (from, to, rule) = (_found[i].From, _found[i].To, _found[i].Rule);
            for (i++; i < _found.Count && _found[i].From < to; i++)
            {
                to = Math.Max(to, _found[i].To);
            }

            CopyTo(data, begin + from);
            _copiedTo = begin + to;
            onMasked(rule.Name);
            if (style == MaskStyle.SameLength)
            {
                PutStars(to - from);
            }
            else
            {
                Encoding.UTF8.GetBytes($"[redacted:{rule.Name}]", _masked);
            }
        }
    }

    private void Begin()
    {
        _copiedTo = 0;
        _masked.ResetWrittenCount();
        _masked = _masked.Capacity > MostIdleMemory ? new() : _masked; // What one large chunk needed is not kept for small ones.
    }

    private void PutStars(int count)
    {
        _masked.GetSpan(count)[..count].Fill((byte)'*');
        _masked.Advance(count);
    }

    private void CopyTo(ReadOnlySpan<byte> data, int end)
    {
        _masked.Write(data[_copiedTo..end]);
        _copiedTo = end;
    }

    private Neighbour Before(ReadOnlySpan<byte> data, int at) => at == 0 ? _before : Surroundings.Of(data[at - 1]);

    private void Hold(ReadOnlySpan<byte> bytes)
    {
        if (HeldBytes + bytes.Length > _held.Length)
        {
            Array.Resize(ref _held, Math.Max(256, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(HeldBytes + bytes.Length))));
        }

        bytes.CopyTo(_held.AsSpan(HeldBytes)); // What is held may move down within the same memory.
        HeldBytes += bytes.Length;
    }
}
