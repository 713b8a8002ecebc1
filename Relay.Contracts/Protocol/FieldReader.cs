namespace Relay.Contracts.Protocol;

/// <summary>Reads one element of an array.</summary>
internal delegate T ElementReader<out T>(ref MessagePackReader reader);

/// <summary>
/// The fields of one contract message: an array, read in order. A field that is missing at the end, or nil, has its default;
/// fields beyond the known ones are skipped by <see cref="End"/>. So either side may be the newer one.
/// </summary>
internal struct FieldReader
{
    private int _left;

    public FieldReader(ref MessagePackReader reader) => _left = reader.ReadArrayHeader();

    public int Int32(ref MessagePackReader reader, int fallback = 0) => Has(ref reader) ? reader.ReadInt32() : fallback;

    public int? Int32OrNull(ref MessagePackReader reader) => Has(ref reader) ? reader.ReadInt32() : null;

    public uint UInt32(ref MessagePackReader reader) => Has(ref reader) ? reader.ReadUInt32() : 0;

    public long? Int64OrNull(ref MessagePackReader reader) => Has(ref reader) ? reader.ReadInt64() : null;

    public long Int64(ref MessagePackReader reader) => Has(ref reader) ? reader.ReadInt64() : 0;

    public bool Boolean(ref MessagePackReader reader, bool fallback) => Has(ref reader) ? reader.ReadBoolean() : fallback;

    public string? StringOrNull(ref MessagePackReader reader) => Has(ref reader) ? reader.ReadString() : null;

    public string String(ref MessagePackReader reader) => StringOrNull(ref reader) ?? "";

    public ReadOnlyMemory<byte> Binary(ref MessagePackReader reader) => Has(ref reader) ? reader.ReadBinary() : default(ReadOnlyMemory<byte>);

    /// <summary>The bytes in an array of the shared pool, which is the caller's.</summary>
    public ReadOnlyMemory<byte> Rented(ref MessagePackReader reader, out byte[]? rented)
    {
        rented = null;
        return Has(ref reader) ? reader.ReadRented(out rented) : default;
    }

    public OutputType Output(ref MessagePackReader reader) => (OutputType)Int32(ref reader);

    public IReadOnlyList<OutputType> Outputs(ref MessagePackReader reader) =>
        ListOrNull(ref reader, static (ref MessagePackReader element) => (OutputType)element.ReadInt32()) ?? [];

    public IReadOnlyList<long> Numbers(ref MessagePackReader reader) => ListOrNull(ref reader, static (ref MessagePackReader element) => element.ReadInt64()) ?? [];

    public T? OrNull<T>(ref MessagePackReader reader, ElementReader<T> read)
        where T : class =>
        Has(ref reader) ? read(ref reader) : null;

    public T[]? ListOrNull<T>(ref MessagePackReader reader, ElementReader<T> readElement)
    {
        if (!Has(ref reader))
        {
            return null;
        }

        // The header was checked against the bytes that remain, so the array is bounded by the size of the message.
        var count = reader.ReadArrayHeader();
        var elements = count == 0 ? [] : new T[count];
        for (var i = 0; i < elements.Length; i++)
        {
            elements[i] = readElement(ref reader);
        }

        return elements;
    }

    /// <summary>Passes the fields that a newer peer may have added.</summary>
    public void End(ref MessagePackReader reader)
    {
        for (; _left > 0; _left--)
        {
            reader.Skip();
        }
    }

    private bool Has(ref MessagePackReader reader)
    {
        if (_left == 0)
        {
            return false;
        }

        _left--;
        return !reader.TryReadNil();
    }
}
