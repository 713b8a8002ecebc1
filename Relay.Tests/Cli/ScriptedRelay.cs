using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Relay.Cli.Tail.Reading;
using Relay.Client;
using Relay.Contracts;
using Relay.Tests.TestKit;

namespace Relay.Tests.Cli;

/// <summary>A relay that gives out what a test puts in, session by session, on a clock of the test's.</summary>
internal sealed class ScriptedRelay
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<string, Channel<LogBatch>> _logs = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Session, OutputType Output), long> _offsets = [];
    private readonly List<SessionStatus> _sessions = [];
    private long _sequence;

    public FakeTime Time { get; } = new(Noon);

    /// <summary>What was read, in the order in which it was asked for.</summary>
    public List<(string Session, ReadOptions Options)> Reads { get; } = [];

    public TailRelay Relay => new(
        Open,
        (_, _) => Task.FromResult<IReadOnlyList<SessionStatus>>([.. _sessions]),
        (_, session, _) => Task.FromResult(_sessions.FirstOrDefault(status => status.SessionId == session)))
    {
        Time = Time,
    };

    /// <summary>Makes a session that can be found by its name.</summary>
    public ScriptedRelay Create(string session)
    {
        _sessions.Add(new SessionStatus { SessionId = session, CreatedAt = Noon.AddSeconds(_sessions.Count) });
        return this;
    }

    public LogEntry Data(string text, OutputType output = OutputType.Stdout, string session = "s", double at = 0) =>
        Data(Encoding.UTF8.GetBytes(text), output, session, at);

    /// <param name="at">Seconds behind noon.</param>
    public LogEntry Data(byte[] bytes, OutputType output = OutputType.Stdout, string session = "s", double at = 0)
    {
        var offset = _offsets.GetValueOrDefault((session, output));
        _offsets[(session, output)] = offset + bytes.Length;
        return new LogEntry
        {
            Kind = LogEntryKind.Data,
            Output = output,
            Offset = offset,
            Sequence = ++_sequence,
            TimeMicros = (Noon.AddSeconds(at) - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond,
            Data = bytes,
        };
    }

    public static LogEntry End(int? exitCode = 0, EndReason reason = EndReason.Completed) =>
        new() { Kind = LogEntryKind.End, End = reason, ExitCode = exitCode };

    /// <summary>One batch.</summary>
    public ScriptedRelay Send(string session, params LogEntry[] entries)
    {
        Log(session).Writer.TryWrite(new LogBatch { Cursor = $"after-{entries.Max(entry => entry.Sequence)}", Entries = entries });
        return this;
    }

    private Channel<LogBatch> Log(string session)
    {
        lock (_logs)
        {
            return _logs.TryGetValue(session, out var log) ? log : _logs[session] = Channel.CreateUnbounded<LogBatch>();
        }
    }

    private async IAsyncEnumerable<LogBatch> Open(
        RelayClientOptions at, string session, ReadOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        lock (Reads)
        {
            Reads.Add((session, options));
        }

        options.OnConnectionChange?.Invoke(new ConnectionChange(ConnectionState.Connected));
        await foreach (var batch in Log(session).Reader.ReadAllAsync(cancellationToken))
        {
            yield return batch;
            if (batch.Entries is [.., { Kind: LogEntryKind.End }])
            {
                yield break;
            }
        }
    }
}
