using System.Runtime.InteropServices;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Identity;

/// <summary>A recovery key as people write it down.</summary>
/// <remarks>280 bits in 56 characters: four bits of version, the 256 bits of the key, 20 bits of check; so that a mistyped character is
/// named with all but one chance in a million. docs/protocol-linking.md, "Recovery key".</remarks>
internal static class RecoveryKeyText
{
    private const int Version = 1;
    private const int Size = 35;
    private const int Group = 4;
    private const int MaxLength = 256;

    private static readonly int s_characters = CrockfordBase32.LengthOf(Size);

    private static ReadOnlySpan<byte> Label => "PulseMeet-E2E v1 recovery key"u8;

    public static string Write(ReadOnlySpan<byte> key)
    {
        using var bits = new StackSecret(stackalloc byte[Size]);
        Span<char> text = stackalloc char[s_characters];
        using var ungrouped = new StackSecret(MemoryMarshal.AsBytes(text));
        Pack(key, bits.Span);
        CrockfordBase32.Write(bits.Span, text);
        Span<char> grouped = stackalloc char[s_characters + (s_characters / Group) - 1];
        using var written = new StackSecret(MemoryMarshal.AsBytes(grouped));
        grouped.Fill('-');
        for (int i = 0; i < s_characters / Group; i++)
        {
            text.Slice(i * Group, Group).CopyTo(grouped[(i * (Group + 1))..]);
        }

        return new string(grouped);
    }

    /// <exception cref="E2EException">One reason for each kind of mistake; see <see cref="RecoveryKey.Parse"/>.</exception>
    public static void Read(ReadOnlySpan<char> text, Span<byte> key)
    {
        Span<char> characters = stackalloc char[s_characters];
        using var typed = new StackSecret(MemoryMarshal.AsBytes(characters));
        using var bits = new StackSecret(stackalloc byte[Size]);
        using var packed = new StackSecret(stackalloc byte[Size]);
        Gather(text, characters);
        CrockfordBase32.Read(characters, bits.Span);
        if (bits.Span[0] >> 4 != Version)
        {
            throw new E2EException(E2EError.UnsupportedVersion);
        }

        for (int i = 0; i < key.Length; i++)
        {
            key[i] = (byte)((bits.Span[i] << 4) | (bits.Span[i + 1] >> 4));
        }

        Pack(key, packed.Span);
        if (!ConstantTime.AreEqual(packed.Span, bits.Span))
        {
            throw new E2EException(E2EError.RecoveryKeyMistyped);
        }
    }

    /// <summary>Version, key and check, four bits off the bytes.</summary>
    private static void Pack(ReadOnlySpan<byte> key, Span<byte> bits)
    {
        Span<byte> check = stackalloc byte[Sha256.Size];
        using var labelled = new StackSecret(stackalloc byte[Label.Length + key.Length]);
        Label.CopyTo(labelled.Span);
        key.CopyTo(labelled.Span[Label.Length..]);
        Sha256.Hash(labelled.Span, check);
        bits[0] = (byte)((Version << 4) | (key[0] >> 4));
        for (int i = 1; i < key.Length; i++)
        {
            bits[i] = (byte)((key[i - 1] << 4) | (key[i] >> 4));
        }

        bits[32] = (byte)((key[31] << 4) | (check[0] >> 4));
        bits[33] = (byte)((check[0] << 4) | (check[1] >> 4));
        bits[34] = (byte)((check[1] << 4) | (check[2] >> 4));
    }

    private static void Gather(ReadOnlySpan<char> text, Span<char> characters)
    {
        int count = 0;
        foreach (char c in text.Length <= MaxLength ? text : [])
        {
            if (c is ' ' or '\u00A0' or '\t' or '\r' or '\n' or '-' or '\u2010' or '\u2011' or '\u2013')
            {
                continue;
            }

            if (count < characters.Length)
            {
                characters[count] = c;
            }

            count++;
        }

        if (count != characters.Length)
        {
            throw new E2EException(E2EError.InvalidEncoding, "A recovery key has 56 characters.");
        }
    }
}
