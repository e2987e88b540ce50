using System.Security.Cryptography;

namespace PulseMeet.E2E.Primitives;

/// <summary>SHA-256 (FIPS 180-4), by the platform.</summary>
internal static class Sha256
{
    /// <summary>Length of a digest, in bytes.</summary>
    public const int Size = 32;

    public static void Hash(ReadOnlySpan<byte> data, Span<byte> digest)
    {
        Argument.HasLength(digest, Size);
        SHA256.HashData(data, digest);
    }

    public static byte[] Hash(ReadOnlySpan<byte> data) => SHA256.HashData(data);
}
