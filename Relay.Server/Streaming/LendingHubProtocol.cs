using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;
using Relay.Contracts.Protocol;

namespace Relay.Server.Streaming;

/// <summary>
/// The relay's MessagePack protocol, through which bytes pass without becoming garbage. What writers send lies in rented arrays
/// (<see cref="WriterUpload"/> gives them back), and the memory of a batch goes back as soon as the connection has its copy. A reader whose socket takes nothing
/// is stuck behind that copy, for as long as the send time-out allows, and would hold a block of the log beside it.
/// </summary>
internal sealed class LendingHubProtocol : IHubProtocol
{
    private readonly MessagePackHubProtocol _protocol = new() { RentsItems = true };

    public string Name => _protocol.Name;

    public int Version => _protocol.Version;

    public TransferFormat TransferFormat => _protocol.TransferFormat;

    public bool IsVersionSupported(int version) => _protocol.IsVersionSupported(version);

    public bool TryParseMessage(ref ReadOnlySequence<byte> input, IInvocationBinder binder, [NotNullWhen(true)] out HubMessage? message) =>
        _protocol.TryParseMessage(ref input, binder, out message);

    public void WriteMessage(HubMessage message, IBufferWriter<byte> output)
    {
        _protocol.WriteMessage(message, output);
        if (message is StreamItemMessage { Item: LentBatch batch })
        {
            batch.Return();
        }
    }

    public ReadOnlyMemory<byte> GetMessageBytes(HubMessage message) => _protocol.GetMessageBytes(message);
}
