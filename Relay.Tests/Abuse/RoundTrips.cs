using System.Diagnostics;
using System.Globalization;
using FluentAssertions;
using Relay.Tests.TestKit;

namespace Relay.Tests.Abuse;

/// <summary>Somebody else's session, whose lines go through the relay while it is attacked: what a line takes from its writer to its reader.</summary>
internal sealed class RoundTrips : IAsyncDisposable
{
    private readonly RawSocket _writer;
    private readonly RawSocket _reader;
    private int _lines;

    private RoundTrips(RawSocket writer, RawSocket reader) => (_writer, _reader) = (writer, reader);

    public static async Task<RoundTrips> StartAsync(RelayApi api)
    {
        var session = await api.CreateSession(RelayApi.NewId("neighbour"));
        var trips = new RoundTrips(await api.Writer(session), await api.Reader(session));
        await trips.MeasureAsync(50); // The first ones pay for code that is not compiled yet.
        return trips;
    }

    /// <summary>Sends lines, one after the other has come.</summary>
    public async Task<Latency> MeasureAsync(int lines)
    {
        var times = new List<double>(lines);
        for (var i = 0; i < lines; i++)
        {
            var line = string.Create(CultureInfo.InvariantCulture, $"line {_lines++}\n");
            var sent = Stopwatch.GetTimestamp();
            await _writer.Send(line);
            (await _reader.Receive())!.Text.Should().Be(line, "the neighbour's line arrives, whole and in order");
            times.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
        }

        times.Sort();
        return new Latency(times[times.Count / 2], times[(int)(times.Count * 0.99)]);
    }

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        await _reader.DisposeAsync();
    }
}

/// <summary>In milliseconds.</summary>
internal readonly record struct Latency(double Median, double P99)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"median {Median:0.00} ms, p99 {P99:0.0} ms");
}
