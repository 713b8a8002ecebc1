using System.Buffers;
using System.Globalization;
using System.Text;
using Relay.Contracts;
using Relay.Text;

namespace Relay.Server.Lines;

/// <summary>A line that was too long to be kept: it belongs behind so many bytes of the text.</summary>
internal readonly record struct LongLine(int At, OutputType Output, long Offset, long Length);

/// <summary>
/// Makes text of the lines that a walk comes by: each as it is or, with times, as Kubernetes' container runtimes write their logs.
/// <code>
/// 2026-11-23T11:41:15.123456Z stdout F text        F: this is all of it; P: it has not ended
/// </code>
/// See kubernetes/kubernetes, pkg/kubelet/kuberuntime/logs.
/// </summary>
internal sealed class TextLines(bool withTimes, DateTimeOffset begin) : ILineVisitor
{
    private readonly ArrayBufferWriter<byte> _text = new();
    private readonly PartialLine[] _parts = [new(), new()];
    private readonly byte[] _time = new byte["2026-11-23T11:41:15.123456Z".Length];
    private long _timeMicros = -1;
    private long _latestMicros = MicrosOf(begin);

    /// <summary>What can be told, but for <see cref="Long"/>.</summary>
    public ReadOnlyMemory<byte> Text => _text.WrittenMemory;

    /// <summary>Lines that the text has only the place of, in its order.</summary>
    public List<LongLine> Long { get; } = [];

    public void Line(in WalkedLine line)
    {
        BeginLine(line.TimeMicros, line.Output, ends: true); // Also where a gap broke it off: nothing that follows belongs to it.
        var part = _parts[(int)line.Output - 1];
        if (part.Has)
        {
            Add(part, line.Output, line.Offset, line.Length);
        }
        else
        {
            _text.Write(line.Head);
        }

        _text.Write("\n"u8);
    }

    public void Part(OutputType output, ReadOnlySpan<byte> text) => _parts[(int)output - 1].Append(text);

    /// <summary>What is missing has no time of its own: it stands with the last line before, and at the very beginning with that of the session.</summary>
    public void Gap(in LogEntry gap, long position)
    {
        BeginLine(_latestMicros, gap.Output, ends: true);
        Encoding.UTF8.GetBytes($"[relay] {GapWords.Of(gap)}\n", _text);
    }

    /// <summary>The lines that have not ended.</summary>
    public void AddOpen(IEnumerable<PageEntry> lines)
    {
        var isFirst = true;
        foreach (var line in lines)
        {
            if (!isFirst && !withTimes)
            {
                _text.Write("\n"u8);
            }

            BeginLine(line.TimeMicros, line.Output, ends: false);
            Add(_parts[(int)line.Output - 1], line.Output, line.Offset, line.Length);
            if (withTimes)
            {
                _text.Write("\n"u8);
            }

            isFirst = false;
        }
    }

    /// <summary>The text was taken.</summary>
    public void Clear()
    {
        _text.ResetWrittenCount();
        Long.Clear();
    }

    private void Add(PartialLine part, OutputType output, long offset, long length)
    {
        if (part.IsWhole)
        {
            _text.Write(part.Text);
        }
        else
        {
            Long.Add(new LongLine(_text.WrittenCount, output, offset, length));
        }

        part.Clear();
    }

    private void BeginLine(long micros, OutputType output, bool ends)
    {
        if (!withTimes)
        {
            return;
        }

        _latestMicros = Math.Max(_latestMicros, micros);
        if (micros != _timeMicros)
        {
            // Lines of one record have one time.
            DateTime.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond).TryFormat(_time, out _, "yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
            _timeMicros = micros;
        }

        _text.Write(_time);
        _text.Write((output, ends) switch
        {
            (OutputType.Stdout, true) => " stdout F "u8,
            (OutputType.Stdout, false) => " stdout P "u8,
            (_, true) => " stderr F "u8,
            (_, false) => " stderr P "u8,
        });
    }

    private static long MicrosOf(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>A line that comes in pieces, as long as it is not too long.</summary>
    private sealed class PartialLine
    {
        private const int MaxBytes = 64 * 1024;
        private readonly ArrayBufferWriter<byte> _text = new();

        public bool Has { get; private set; }

        public bool IsWhole { get; private set; } = true;

        public ReadOnlySpan<byte> Text => _text.WrittenSpan;

        public void Append(ReadOnlySpan<byte> text)
        {
            Has = true;
            IsWhole &= text.Length <= MaxBytes - _text.WrittenCount;
            if (IsWhole)
            {
                _text.Write(text);
            }
        }

        public void Clear()
        {
            _text.ResetWrittenCount();
            (Has, IsWhole) = (false, true);
        }
    }
}
