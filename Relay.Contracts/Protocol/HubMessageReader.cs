using System.Runtime.ExceptionServices;
using System.Text;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace Relay.Contracts.Protocol;

/// <summary>
/// Reads the body of a frame. What is wrong with its structure throws <see cref="InvalidDataException"/> and ends the connection;
/// what is wrong with a value becomes a message that fails the one invocation it belongs to.
/// </summary>
internal static class HubMessageReader
{
    /// <summary>The message, or null if its type is unknown: a newer peer may know more types.</summary>
    public static HubMessage? Read(MessagePackReader reader, IInvocationBinder binder)
    {
        ThrowUnlessOneValue(reader);
        var items = reader.ReadArrayHeader();
        return reader.ReadInt64() switch
        {
            HubProtocolConstants.InvocationMessageType => ReadInvocation(ref reader, binder, items, isStream: false),
            HubProtocolConstants.StreamInvocationMessageType => ReadInvocation(ref reader, binder, items, isStream: true),
            HubProtocolConstants.StreamItemMessageType => ReadStreamItem(ref reader, binder),
            HubProtocolConstants.CompletionMessageType => ReadCompletion(ref reader, binder),
            HubProtocolConstants.CancelInvocationMessageType => ReadCancel(ref reader),
            HubProtocolConstants.PingMessageType => PingMessage.Instance,
            HubProtocolConstants.CloseMessageType => ReadClose(ref reader, items),
            HubProtocolConstants.AckMessageType => new AckMessage(reader.ReadInt64()),
            HubProtocolConstants.SequenceMessageType => new SequenceMessage(reader.ReadInt64()),
            _ => null,
        };
    }

    /// <summary>Checked once for the whole frame, so that a truncated argument is told from one of the wrong type.</summary>
    private static void ThrowUnlessOneValue(MessagePackReader reader)
    {
        reader.Skip();
        if (reader.Remaining > 0)
        {
            throw new InvalidDataException($"{reader.Remaining} bytes follow the message within its frame.");
        }
    }

    private static HubMessage ReadInvocation(ref MessagePackReader reader, IInvocationBinder binder, int items, bool isStream)
    {
        var headers = ReadHeaders(ref reader);
        var invocationId = isStream ? ReadInvocationId(ref reader) : ReadOptionalInvocationId(ref reader);
        var target = ReadTarget(ref reader, binder);
        var argumentReader = reader;
        reader.Skip();
        // Clients from before uploads existed send no stream ids.
        var streamIds = items > 5 ? ReadStreamIds(ref reader) : null;

        object?[] arguments;
        try
        {
            arguments = BindArguments(argumentReader, binder.GetParameterTypes(target));
        }
        catch (Exception exception)
        {
            return WithHeaders(headers, new InvocationBindingFailureMessage(invocationId, target, Refusal(exception)));
        }

        return isStream
            ? WithHeaders(headers, new StreamInvocationMessage(invocationId!, target, arguments, streamIds))
            : WithHeaders(headers, new InvocationMessage(invocationId, target, arguments, streamIds));
    }

    private static object?[] BindArguments(MessagePackReader reader, IReadOnlyList<Type> types)
    {
        var count = reader.ReadArrayHeader();
        if (count != types.Count)
        {
            throw new InvalidDataException($"The invocation has {count} arguments, its target takes {types.Count}.");
        }

        var arguments = new object?[count];
        for (var i = 0; i < count; i++)
        {
            try
            {
                arguments[i] = ContractCodec.Read(ref reader, types[i]);
            }
            catch (InvalidDataException exception)
            {
                throw new InvalidDataException($"Argument {i + 1} is not a valid {types[i].Name}. {exception.Message}", exception);
            }
        }

        return arguments;
    }

    private static HubMessage ReadStreamItem(ref MessagePackReader reader, IInvocationBinder binder)
    {
        var headers = ReadHeaders(ref reader);
        var streamId = ReadInvocationId(ref reader);
        ThrowIfNothingFollows(reader, "stream item");
        try
        {
            return WithHeaders(headers, new StreamItemMessage(streamId, ContractCodec.Read(ref reader, binder.GetStreamItemType(streamId))));
        }
        catch (Exception exception)
        {
            return new StreamBindingFailureMessage(streamId, Refusal(exception));
        }
    }

    /// <summary>
    /// SignalR tells the peer the text of a <see cref="HubException"/> only. So that is what the peer's own mistakes become,
    /// with the code of the contract; any other failure stays in the log.
    /// </summary>
    private static ExceptionDispatchInfo Refusal(Exception exception) => ExceptionDispatchInfo.Capture(exception switch
    {
        InvalidDataException or NotSupportedException or HubException =>
            new HubException(new RelayException(RelayErrorCode.InvalidRequest, exception.Message).ToWire(), exception),
        _ => exception,
    });

    private static CompletionMessage ReadCompletion(ref MessagePackReader reader, IInvocationBinder binder)
    {
        var headers = ReadHeaders(ref reader);
        var invocationId = ReadInvocationId(ref reader);
        return WithHeaders(headers, (CompletionKind)reader.ReadInt32() switch
        {
            CompletionKind.Void => CompletionMessage.Empty(invocationId),
            // An error without a text is an error still.
            CompletionKind.Error => CompletionMessage.WithError(invocationId, reader.ReadStringOrNil() ?? ""),
            CompletionKind.Result => ReadResult(ref reader, binder, invocationId),
            _ => throw new InvalidDataException("The kind of a completion's result must be 1 (error), 2 (void) or 3 (result)."),
        });
    }

    private static CompletionMessage ReadResult(ref MessagePackReader reader, IInvocationBinder binder, string invocationId)
    {
        ThrowIfNothingFollows(reader, "result");
        Type type;
        try
        {
            type = binder.GetReturnType(invocationId);
        }
        catch (Exception)
        {
            // Nobody waits for it any more. The completion itself still counts.
            return CompletionMessage.WithResult(invocationId, null);
        }

        try
        {
            return CompletionMessage.WithResult(invocationId, ContractCodec.Read(ref reader, type));
        }
        catch (Exception exception)
        {
            return CompletionMessage.WithError(invocationId, $"The result is not a valid {type.Name}. {exception.Message}");
        }
    }

    private static CancelInvocationMessage ReadCancel(ref MessagePackReader reader)
    {
        var headers = ReadHeaders(ref reader);
        return WithHeaders(headers, new CancelInvocationMessage(ReadInvocationId(ref reader)));
    }

    private static CloseMessage ReadClose(ref MessagePackReader reader, int items)
    {
        var error = items > 1 ? reader.ReadStringOrNil() : null;
        var allowReconnect = items > 2 && reader.ReadBoolean();
        return error is null && !allowReconnect ? CloseMessage.Empty : new CloseMessage(error, allowReconnect);
    }

    private static Dictionary<string, string>? ReadHeaders(ref MessagePackReader reader)
    {
        var count = reader.ReadMapHeader();
        if (count == 0)
        {
            return null;
        }

        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            var name = reader.ReadString();
            headers[name] = reader.ReadString();
        }

        return headers;
    }

    private static string[]? ReadStreamIds(ref MessagePackReader reader)
    {
        var ids = new string[reader.ReadArrayHeader()];
        for (var i = 0; i < ids.Length; i++)
        {
            ids[i] = ReadInvocationId(ref reader);
        }

        return ids.Length == 0 ? null : ids;
    }

    private static string? ReadOptionalInvocationId(ref MessagePackReader reader) => reader.ReadStringOrNil() is { Length: > 0 } id ? id : null;

    private static string ReadInvocationId(ref MessagePackReader reader) =>
        reader.ReadString() is { Length: > 0 } id ? id : throw new InvalidDataException("The id of an invocation or a stream is empty.");

    private static string ReadTarget(ref MessagePackReader reader, IInvocationBinder binder)
    {
        var name = reader.ReadUtf8();
        return name.IsEmpty
            ? throw new InvalidDataException("The target of an invocation is empty.")
            : binder.GetTarget(name) ?? Encoding.UTF8.GetString(name);
    }

    private static void ThrowIfNothingFollows(in MessagePackReader reader, string part)
    {
        if (reader.Remaining == 0)
        {
            throw new InvalidDataException($"The message has no {part}.");
        }
    }

    private static T WithHeaders<T>(Dictionary<string, string>? headers, T message)
        where T : HubInvocationMessage
    {
        if (headers is not null)
        {
            message.Headers = headers;
        }

        return message;
    }
}
