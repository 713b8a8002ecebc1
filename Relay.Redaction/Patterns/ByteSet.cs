using System.Runtime.CompilerServices;

namespace Relay.Redaction.Patterns;

/// <summary>Some of the 256 bytes.</summary>
internal readonly record struct ByteSet(Bits256 Bits)
{
    public static readonly ByteSet None;

    /// <summary>All but the newline, as <c>.</c> means it.</summary>
    public static readonly ByteSet NotNewline = ~Of('\n');

    public static readonly ByteSet Digits = Range('0', '9');

    /// <summary>Letters, digits and <c>_</c>. Every byte beyond ASCII is part of a character of some script, and counts as a letter.</summary>
    public static readonly ByteSet Word = Range('a', 'z') | Range('A', 'Z') | Digits | Of('_') | Range((char)0x80, (char)0xFF);

    public static readonly ByteSet Space = Of(' ') | Range('\t', '\r');

    public int Count
    {
        get
        {
            var count = 0;
            for (var i = 0; i < Bits256.Length; i++)
            {
                count += System.Numerics.BitOperations.PopCount(Bits[i]);
            }

            return count;
        }
    }

    public static ByteSet Of(char one) => Range(one, one);

    public static ByteSet Range(char first, char last)
    {
        var bits = default(Bits256);
        for (int value = first; value <= last; value++)
        {
            bits[value >> 6] |= 1UL << (value & 63);
        }

        return new ByteSet(bits);
    }

    public static ByteSet operator |(ByteSet one, ByteSet other)
    {
        var bits = one.Bits;
        for (var i = 0; i < Bits256.Length; i++)
        {
            bits[i] |= other.Bits[i];
        }

        return new ByteSet(bits);
    }

    public static ByteSet operator ~(ByteSet one)
    {
        var bits = one.Bits;
        for (var i = 0; i < Bits256.Length; i++)
        {
            bits[i] = ~bits[i];
        }

        return new ByteSet(bits);
    }

    public bool Contains(int value) => (Bits[value >> 6] >> (value & 63) & 1) != 0;

    /// <summary>With the other case of each ASCII letter.</summary>
    public ByteSet IgnoringCase()
    {
        var set = this;
        for (var letter = 'a'; letter <= 'z'; letter++)
        {
            if (Contains(letter) || Contains(letter - 32))
            {
                set |= Of(letter) | Of((char)(letter - 32));
            }
        }

        return set;
    }

    public IEnumerable<byte> Values()
    {
        for (var value = 0; value < 256; value++)
        {
            if (Contains(value))
            {
                yield return (byte)value;
            }
        }
    }

    public bool Equals(ByteSet other) =>
        Bits[0] == other.Bits[0] && Bits[1] == other.Bits[1] && Bits[2] == other.Bits[2] && Bits[3] == other.Bits[3];

    public override int GetHashCode() => HashCode.Combine(Bits[0], Bits[1], Bits[2], Bits[3]);
}

/// <summary>Room for 256 bits.</summary>
[InlineArray(Length)]
internal struct Bits256
{
    public const int Length = 4;

    private ulong _first;
}
