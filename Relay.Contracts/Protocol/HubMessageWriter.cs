using Microsoft.AspNetCore.SignalR.Protocol;

namespace Relay.Contracts.Protocol;

/// <summary>Writes the body of a frame: one hub message as an array that begins with its type.</summary>
internal static class HubMessageWriter
{
    public static void Write(ref MessagePackWriter writer, HubMessage message)
    {
        switch (message)
        {
            case StreamItemMessage item:
                WriteHead(ref writer, 4, HubProtocolConstants.StreamItemMessageType, item.Headers, item.InvocationId);
                ContractCodec.Write(ref writer, item.Item);
                break;
            case InvocationMessage invocation:
                WriteInvocation(ref writer, HubProtocolConstants.InvocationMessageType, invocation);
                break;
            case StreamInvocationMessage invocation:
                WriteInvocation(ref writer, HubProtocolConstants.StreamInvocationMessageType, invocation);
                break;
            case CompletionMessage completion:
                WriteCompletion(ref writer, completion);
                break;
            case CancelInvocationMessage cancel:
                WriteHead(ref writer, 3, HubProtocolConstants.CancelInvocationMessageType, cancel.Headers, cancel.InvocationId);
                break;
            case PingMessage:
                WriteType(ref writer, 1, HubProtocolConstants.PingMessageType);
                break;
            case CloseMessage close:
                WriteType(ref writer, 3, HubProtocolConstants.CloseMessageType);
                writer.Write(close.Error);
                writer.Write(close.AllowReconnect);
                break;
            case AckMessage ack:
                WriteType(ref writer, 2, HubProtocolConstants.AckMessageType);
                writer.Write(ack.SequenceId);
                break;
            case SequenceMessage sequence:
                WriteType(ref writer, 2, HubProtocolConstants.SequenceMessageType);
                writer.Write(sequence.SequenceId);
                break;
            default:
                throw new NotSupportedException($"{message.GetType().Name} has no encoding.");
        }
    }

    private static void WriteInvocation(ref MessagePackWriter writer, int type, HubMethodInvocationMessage invocation)
    {
        // A call that wants no answer has no id; an empty one means the same.
        var id = string.IsNullOrEmpty(invocation.InvocationId) ? null : invocation.InvocationId;
        WriteHead(ref writer, 6, type, invocation.Headers, id);
        writer.Write(invocation.Target);

        writer.WriteArrayHeader(invocation.Arguments.Length);
        foreach (var argument in invocation.Arguments)
        {
            ContractCodec.Write(ref writer, argument);
        }

        var streamIds = invocation.StreamIds ?? [];
        writer.WriteArrayHeader(streamIds.Length);
        foreach (var streamId in streamIds)
        {
            writer.Write(streamId);
        }
    }

    private static void WriteCompletion(ref MessagePackWriter writer, CompletionMessage completion)
    {
        var kind = completion switch
        {
            { Error: not null } => CompletionKind.Error,
            { HasResult: true } => CompletionKind.Result,
            _ => CompletionKind.Void,
        };
        var items = kind == CompletionKind.Void ? 4 : 5;
        WriteHead(ref writer, items, HubProtocolConstants.CompletionMessageType, completion.Headers, completion.InvocationId);
        writer.Write((int)kind);
        if (kind == CompletionKind.Error)
        {
            writer.Write(completion.Error);
        }
        else if (kind == CompletionKind.Result)
        {
            ContractCodec.Write(ref writer, completion.Result);
        }
    }

    private static void WriteHead(ref MessagePackWriter writer, int items, int type, IDictionary<string, string>? headers, string? invocationId)
    {
        WriteType(ref writer, items, type);
        WriteHeaders(ref writer, headers);
        writer.Write(invocationId);
    }

    private static void WriteHeaders(ref MessagePackWriter writer, IDictionary<string, string>? headers)
    {
        if (headers is null)
        {
            writer.WriteMapHeader(0);
            return;
        }

        writer.WriteMapHeader(headers.Count);
        foreach (var (name, value) in headers)
        {
            writer.Write(name);
            writer.Write(value);
        }
    }

    private static void WriteType(ref MessagePackWriter writer, int items, int type)
    {
        writer.WriteArrayHeader(items);
        writer.Write(type);
    }
}

/// <summary>What follows the id of a completion.</summary>
internal enum CompletionKind
{
    Error = 1,
    Void = 2,
    Result = 3,
}
