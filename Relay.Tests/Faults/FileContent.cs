namespace Relay.Tests.Faults;

/// <summary>Bytes that grow and shrink. A copy costs nothing until one of the two changes.</summary>
internal sealed class FileContent
{
    private byte[] _bytes;
    private bool _isShared;

    public FileContent(byte[]? bytes = null)
    {
        _bytes = bytes ?? [];
        _isShared = true;
        Length = _bytes.Length;
    }

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Span => _bytes.AsSpan(0, Length);

    public FileContent Copy()
    {
        _isShared = true;
        return new FileContent(_bytes) { Length = Length };
    }

    /// <summary>Writes at a position; zeros stand between the end and a position behind it.</summary>
    public void Write(ReadOnlySpan<byte> bytes, int position)
    {
        var end = position + bytes.Length;
        Own(Math.Max(end, Length));
        if (position > Length)
        {
            _bytes.AsSpan(Length, position - Length).Clear();
        }

        bytes.CopyTo(_bytes.AsSpan(position));
        Length = Math.Max(Length, end);
    }

    public void SetLength(int length)
    {
        if (length > Length)
        {
            Own(length);
            _bytes.AsSpan(Length, length - Length).Clear();
        }

        Length = length;
    }

    private void Own(int capacity)
    {
        if (_isShared || capacity > _bytes.Length)
        {
            var own = new byte[capacity > _bytes.Length ? Math.Max(capacity, _bytes.Length * 2) : _bytes.Length];
            Span.CopyTo(own);
            _bytes = own;
            _isShared = false;
        }
    }
}
