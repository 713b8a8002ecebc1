using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Relay.Contracts.Protocol;

/// <summary>
/// SignalR's MessagePack encoding for the messages of this contract. Wire compatible with the published protocol <c>messagepack</c>,
/// versions 1 and 2 (<see href="https://github.com/dotnet/aspnetcore/blob/main/src/SignalR/docs/specs/HubProtocol.md"/>).
/// </summary>
/// <remarks>
/// <para>Arguments, stream items and results may be: the messages of <c>Relay.Contracts</c>, each an array of its fields in the order of
/// <c>docs/protocol.md</c> 6.1; <see cref="string"/>, <see cref="int"/>, <see cref="long"/>, <see cref="bool"/>, <see cref="double"/>,
/// <c>byte[]</c> and null. A target of type <see cref="object"/> receives null, <see cref="bool"/>, <see cref="long"/>, <see cref="double"/>,
/// <see cref="string"/>, <c>byte[]</c>, <c>object?[]</c> or <c>Dictionary&lt;string, object?&gt;</c>, at most 32 levels deep.</para>
/// <para>Decoded data is a copy and stays valid, but for <see cref="RentsItems"/>. The size of a message is limited by the transport
/// (<c>HubOptions.MaximumReceiveMessageSize</c>) or by <see cref="MaxMessageBytes"/>. Instances are stateless and safe to share.</para>
/// </remarks>
public sealed class MessagePackHubProtocol : IHubProtocol
{
    /// <summary>Most bytes of one received message. A longer one is refused when its length is announced, before its bytes come. Default: 2^31 − 1.</summary>
    public int MaxMessageBytes { get; init; } = int.MaxValue;

    /// <summary>
    /// Whether received <see cref="WriteItem"/>s are <see cref="RentedWriteItem"/>s: whoever takes one gives its memory back. For a server, through which
    /// bytes only pass. Default <c>false</c>.
    /// </summary>
    public bool RentsItems { get; init; }

    /// <inheritdoc/>
    public string Name => "messagepack";

    /// <inheritdoc/>
    public int Version => 2;

    /// <inheritdoc/>
    public TransferFormat TransferFormat => TransferFormat.Binary;

    /// <inheritdoc/>
    public bool IsVersionSupported(int version) => version is 1 or 2;

    /// <summary>
    /// Takes the next message off the input; false, with the incomplete rest of the input left, if there is none.
    /// Messages of an unknown type are consumed and passed over.
    /// </summary>
    /// <remarks>
    /// An unknown target, a wrong count of arguments or a value of the wrong type fails its invocation only: it returns as
    /// <see cref="InvocationBindingFailureMessage"/>, <see cref="StreamBindingFailureMessage"/> or a failed <see cref="CompletionMessage"/>.
    /// The peer is told the reason as <see cref="RelayErrorCode.InvalidRequest"/>.
    /// </remarks>
    /// <exception cref="InvalidDataException">The frame is not a hub message, or longer than <see cref="MaxMessageBytes"/>; the connection cannot go on.</exception>
    public bool TryParseMessage(ref ReadOnlySequence<byte> input, IInvocationBinder binder, [NotNullWhen(true)] out HubMessage? message)
    {
        while (HubFrame.TryRead(ref input, MaxMessageBytes, out var body))
        {
            message = Parse(body, binder, RentsItems);
            if (message is not null)
            {
                return true;
            }
        }

        message = null;
        return false;
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The message carries a value of a type that is not in the list above.</exception>
    public void WriteMessage(HubMessage message, IBufferWriter<byte> output)
    {
        var (total, body) = Measure(message);
        WriteFrame(message, output.GetSpan(total)[..total], body);
        output.Advance(total);
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The message carries a value of a type that is not in the list above.</exception>
    public ReadOnlyMemory<byte> GetMessageBytes(HubMessage message)
    {
        var (total, body) = Measure(message);
        var frame = new byte[total];
        WriteFrame(message, frame, body);
        return frame;
    }

    private static HubMessage? Parse(in ReadOnlySequence<byte> body, IInvocationBinder binder, bool rentsItems)
    {
        if (body.IsSingleSegment)
        {
            return HubMessageReader.Read(new MessagePackReader(body.FirstSpan) { RentsItems = rentsItems }, binder);
        }

        using var whole = new RentedBody((int)body.Length);
        body.CopyTo(whole.Bytes);
        return HubMessageReader.Read(new MessagePackReader(whole.Bytes) { RentsItems = rentsItems, Body = whole }, binder);
    }

    private static (int Total, int Body) Measure(HubMessage message)
    {
        var counter = new MessagePackWriter();
        HubMessageWriter.Write(ref counter, message);
        return (checked(HubFrame.PrefixLength(counter.Length) + counter.Length), counter.Length);
    }

    private static void WriteFrame(HubMessage message, Span<byte> frame, int bodyLength)
    {
        HubFrame.WritePrefix(frame, bodyLength);
        var writer = new MessagePackWriter(frame[^bodyLength..]);
        HubMessageWriter.Write(ref writer, message);
        if (writer.Length != bodyLength)
        {
            throw new InvalidOperationException("The message changed while it was written.");
        }
    }
}
