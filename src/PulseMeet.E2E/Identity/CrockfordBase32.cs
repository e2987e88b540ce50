namespace PulseMeet.E2E.Identity;

/// <summary>Crockford's base32: digits and letters without I, L, O and U, so that nothing that is written by hand looks like something
/// else. Five bits a character, the highest first.</summary>
internal static class CrockfordBase32
{
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// <param name="bytes">Any length.</param>
    /// <param name="text">As many characters as hold all bits; the last one filled up with zeros.</param>
    public static void Write(ReadOnlySpan<byte> bytes, Span<char> text)
    {
        int bits = 0;
        uint rest = 0;
        int at = 0;
        foreach (byte b in bytes)
        {
            rest = (rest << 8) | b;
            bits += 8;
            while (bits >= 5)
            {
                bits -= 5;
                text[at++] = Alphabet[(int)(rest >> bits) & 0x1F];
            }
        }

        if (bits > 0)
        {
            text[at] = Alphabet[(int)(rest << (5 - bits)) & 0x1F];
        }
    }

    public static int LengthOf(int bytes) => ((bytes * 8) + 4) / 5;

    /// <summary>Reads what <see cref="Write"/> wrote, in either case.</summary>
    /// <exception cref="E2EException">Another character, another length, or bits left over that are not zero
    /// (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static void Read(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        if (text.Length != LengthOf(bytes.Length))
        {
            throw new E2EException(E2EError.InvalidEncoding, "Another number of characters.");
        }

        int bits = 0;
        uint rest = 0;
        int at = 0;
        foreach (char c in text)
        {
            rest = (rest << 5) | (uint)ValueOf(c);
            bits += 5;
            if (bits >= 8)
            {
                bits -= 8;
                bytes[at++] = (byte)(rest >> bits);
            }
        }

        if ((rest & ((1u << bits) - 1)) != 0)
        {
            throw new E2EException(E2EError.InvalidEncoding, "Not the canonical spelling.");
        }
    }

    /// <summary>The value of a character; the look-alikes O, I and L count as the digits that they look like.</summary>
    private static int ValueOf(char c)
    {
        char upper = c is >= 'a' and <= 'z' ? (char)(c - 32) : c;
        int value = upper switch
        {
            'O' => 0,
            'I' or 'L' => 1,
            _ => Alphabet.IndexOf(upper, StringComparison.Ordinal),
        };
        return value >= 0 ? value : throw new E2EException(E2EError.InvalidEncoding, "A character that does not occur.");
    }
}
