using System.Buffers.Binary;
using System.Security.Cryptography;

namespace PulseMeet.E2E.Primitives;

/// <summary>LabeledExtract and LabeledExpand (RFC 9180, section 4).</summary>
internal static class HpkeLabels
{
    public static void Extract(
        HashFunction hash,
        ReadOnlySpan<byte> suite,
        ReadOnlySpan<byte> salt,
        ReadOnlySpan<byte> label,
        ReadOnlySpan<byte> ikm,
        Span<byte> prk)
    {
        byte[] labeledIkm = [.. "HPKE-v1"u8, .. suite, .. label, .. ikm];
        hash.Extract(salt, labeledIkm, prk);
        CryptographicOperations.ZeroMemory(labeledIkm);
    }

    public static void Expand(
        HashFunction hash,
        ReadOnlySpan<byte> suite,
        ReadOnlySpan<byte> prk,
        ReadOnlySpan<byte> label,
        ReadOnlySpan<byte> info,
        Span<byte> okm)
    {
        Span<byte> length = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)okm.Length);
        hash.Expand(prk, [.. length, .. "HPKE-v1"u8, .. suite, .. label, .. info], okm);
    }
}
