using System.Collections.Frozen;

namespace Relay.Contracts.Protocol;

/// <summary>
/// Encoding of the values that hub messages carry: the messages of the contract as arrays (docs/protocol.md 6.1) and the few plain
/// types that hub methods take. The parts of this class stand beside the files in <c>Messages/</c>.
/// </summary>
internal static partial class ContractCodec
{
    private const int MaxDepth = 32;

    /// <summary>A request that does not say its version is of the first one, whatever this build speaks.</summary>
    private const int InitialVersion = 1;

    private static readonly FrozenDictionary<Type, ElementReader<object?>> Readers = new Dictionary<Type, ElementReader<object?>>
    {
        [typeof(WriteRequest)] = ReadWriteRequest,
        [typeof(WriteItem)] = ReadWriteItem,
        [typeof(WriteAck)] = ReadWriteAck,
        [typeof(OutputTotal)] = static (ref MessagePackReader reader) => ReadTotal(ref reader),
        [typeof(OutputProgress)] = static (ref MessagePackReader reader) => ReadProgress(ref reader),
        [typeof(ReadRequest)] = ReadReadRequest,
        [typeof(LogBatch)] = ReadBatch,
        [typeof(LogEntry)] = static (ref MessagePackReader reader) => ReadEntry(ref reader),
        [typeof(WatchRequest)] = ReadWatchRequest,
        [typeof(PresenceEvent)] = ReadPresenceEvent,
        [typeof(LinesRequest)] = ReadLinesRequest,
        [typeof(LinePage)] = ReadLinePage,
        [typeof(SearchRequest)] = ReadSearchRequest,
        [typeof(SearchBatch)] = ReadSearchBatch,
        [typeof(SessionsRequest)] = ReadSessionsRequest,
        [typeof(SessionsBatch)] = ReadSessionsBatch,
        [typeof(string)] = static (ref MessagePackReader reader) => reader.ReadStringOrNil(),
        [typeof(byte[])] = static (ref MessagePackReader reader) => reader.TryReadNil() ? null : reader.ReadBinary(),
        [typeof(int)] = static (ref MessagePackReader reader) => reader.ReadInt32(),
        [typeof(long)] = static (ref MessagePackReader reader) => reader.ReadInt64(),
        [typeof(double)] = static (ref MessagePackReader reader) => reader.ReadDouble(),
        [typeof(bool)] = static (ref MessagePackReader reader) => reader.ReadBoolean(),
        [typeof(object)] = static (ref MessagePackReader reader) => ReadAny(ref reader, MaxDepth),
    }.ToFrozenDictionary();

    /// <summary>Reads a value as the given type. Nil is a value of <c>string</c>, <c>byte[]</c> and <c>object</c> only.</summary>
    /// <exception cref="InvalidDataException">The value is not of the type.</exception>
    /// <exception cref="NotSupportedException">The type cannot cross the hub.</exception>
    public static object? Read(ref MessagePackReader reader, Type type) =>
        Readers.TryGetValue(type, out var read) ? read(ref reader) : throw NotSupported(type);

    /// <summary>Writes a value as what it is at run time.</summary>
    /// <exception cref="NotSupportedException">The type cannot cross the hub.</exception>
    public static void Write(ref MessagePackWriter writer, object? value)
    {
        switch (value)
        {
            case WriteItem item:
                Write(ref writer, item);
                break;
            case LogBatch batch:
                Write(ref writer, batch);
                break;
            case WriteAck ack:
                Write(ref writer, ack);
                break;
            case int number:
                writer.Write(number);
                break;
            case WriteRequest request:
                Write(ref writer, request);
                break;
            case ReadRequest request:
                Write(ref writer, request);
                break;
            case WatchRequest request:
                Write(ref writer, request);
                break;
            case PresenceEvent presence:
                Write(ref writer, presence);
                break;
            case LinesRequest request:
                Write(ref writer, request);
                break;
            case LinePage page:
                Write(ref writer, page);
                break;
            case SearchRequest request:
                Write(ref writer, request);
                break;
            case SearchBatch batch:
                Write(ref writer, batch);
                break;
            case SessionsRequest request:
                Write(ref writer, request);
                break;
            case SessionsBatch batch:
                Write(ref writer, batch);
                break;
            case LogEntry entry:
                Write(ref writer, entry);
                break;
            case OutputProgress progress:
                Write(ref writer, progress);
                break;
            case OutputTotal total:
                Write(ref writer, total);
                break;
            case null:
                writer.WriteNil();
                break;
            case string text:
                writer.Write(text);
                break;
            case byte[] bytes:
                writer.Write(bytes);
                break;
            case long number:
                writer.Write(number);
                break;
            case double number:
                writer.Write(number);
                break;
            case bool flag:
                writer.Write(flag);
                break;
            default:
                throw NotSupported(value.GetType());
        }
    }

    /// <summary>Reads whatever comes as the nearest .NET type.</summary>
    private static object? ReadAny(ref MessagePackReader reader, int depth)
    {
        switch (reader.NextKind())
        {
            case MessagePackKind.Nil:
                reader.TryReadNil();
                return null;
            case MessagePackKind.Boolean:
                return reader.ReadBoolean();
            case MessagePackKind.Integer:
                return reader.ReadInt64();
            case MessagePackKind.Float:
                return reader.ReadDouble();
            case MessagePackKind.String:
                return reader.ReadString();
            case MessagePackKind.Binary:
                return reader.ReadBinary();
            case MessagePackKind.Array when depth > 0:
                var elements = new object?[reader.ReadArrayHeader()];
                for (var i = 0; i < elements.Length; i++)
                {
                    elements[i] = ReadAny(ref reader, depth - 1);
                }

                return elements;
            case MessagePackKind.Map when depth > 0:
                var pairs = new Dictionary<string, object?>(StringComparer.Ordinal);
                for (var left = reader.ReadMapHeader(); left > 0; left--)
                {
                    var key = reader.ReadString();
                    pairs[key] = ReadAny(ref reader, depth - 1);
                }

                return pairs;
            case MessagePackKind.Array or MessagePackKind.Map:
                throw new InvalidDataException($"Arrays and maps may be nested {MaxDepth} levels deep.");
            default:
                throw new InvalidDataException("Extension types are not part of the contract.");
        }
    }

    private static void WriteOutputs(ref MessagePackWriter writer, IReadOnlyList<OutputType> outputs)
    {
        writer.WriteArrayHeader(outputs.Count);
        for (var i = 0; i < outputs.Count; i++)
        {
            writer.Write((long)outputs[i]);
        }
    }

    private static void WriteNumbers(ref MessagePackWriter writer, IReadOnlyList<long> numbers)
    {
        writer.WriteArrayHeader(numbers.Count);
        foreach (var number in numbers)
        {
            writer.Write(number);
        }
    }

    private static NotSupportedException NotSupported(Type type) =>
        new($"A value of type {type} cannot cross the hub: only messages of the contract, string, byte[], int, long, double, bool and null can.");
}
