using System.Globalization;
using Microsoft.Net.Http.Headers;
using Relay.Contracts;
using Relay.Server.Storage;

namespace Relay.Server.Streaming;

/// <summary>What a plain HTTP or raw WebSocket request asks for.</summary>
internal static class LogRequests
{
    /// <exception cref="RelayException"><see cref="RelayErrorCode.UnknownOutput"/>.</exception>
    public static OutputType Output(string name) => OutputTypes.TryParse(name, out var output)
        ? output
        : throw new RelayException(RelayErrorCode.UnknownOutput, $"'{name}' is not an output; it must be stdout or stderr.");

    /// <summary>A whole number of 0 or more, or null when the parameter is absent.</summary>
    public static long? Number(HttpRequest request, string name)
    {
        if (!request.Query.TryGetValue(name, out var values))
        {
            return null;
        }

        return long.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Invalid($"{name}='{values}' is not a whole number of 0 or more.");
    }

    public static bool Flag(HttpRequest request, string name, bool absent)
    {
        if (!request.Query.TryGetValue(name, out var values))
        {
            return absent;
        }

        return values.ToString() switch
        {
            "" or "true" or "1" => true,
            "false" or "0" => false,
            var other => throw Invalid($"{name}='{other}' must be true or false."),
        };
    }

    /// <summary>Where a raw reader begins: <c>from</c>, <c>tail</c>, or the beginning.</summary>
    public static ReadFrom From(HttpRequest request, OutputType output)
    {
        var from = Number(request, "from");
        var tail = Number(request, "tail");
        return (from, tail) switch
        {
            (not null, not null) => throw Invalid("from and tail exclude each other."),
            ({ } offset, null) => new ReadFrom.Offset(output, offset),
            (null, { } lines) => new ReadFrom.LastLines(lines, [output]),
            _ => new ReadFrom.Offset(output, 0),
        };
    }

    /// <summary>
    /// The bytes that a <c>Range</c> header names, RFC 9110 section 14. Null without one, and for what the RFC lets a server ignore:
    /// other units, several ranges, malformed text.
    /// </summary>
    /// <exception cref="RelayException">None of the named bytes exist.</exception>
    public static (long From, long To)? Range(HttpRequest request, OutputType output, long length)
    {
        if (!RangeHeaderValue.TryParse(request.Headers.Range.ToString(), out var header) || header.Unit != "bytes" || header.Ranges.Count != 1)
        {
            return null;
        }

        var range = header.Ranges.First();
        var from = range.From ?? Math.Max(0, length - range.To!.Value);
        var to = range.From is null || range.To is null ? length : Math.Min(length, range.To.Value + 1);
        return from < to ? (from, to) : throw Errors.BeyondRange(output, range.From ?? length, length);
    }

    public static RelayException Invalid(string detail) => new(RelayErrorCode.InvalidRequest, detail);
}
