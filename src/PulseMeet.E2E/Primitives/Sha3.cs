using Org.BouncyCastle.Crypto.Digests;

namespace PulseMeet.E2E.Primitives;

/// <summary>SHA3-256 and SHAKE256 (FIPS 202), by BouncyCastle, since the platform lacks them in places.</summary>
internal static class Sha3
{
    /// <summary>Length of a SHA3-256 digest, in bytes.</summary>
    public const int Size256 = 32;

    public static void Hash256(ReadOnlySpan<byte> data, Span<byte> digest)
    {
        Argument.HasLength(digest, Size256);
        var sha3 = new Sha3Digest(256);
        sha3.BlockUpdate(data);
        sha3.DoFinal(digest);
    }

    public static void Shake256(ReadOnlySpan<byte> data, Span<byte> output)
    {
        var shake = new ShakeDigest(256);
        shake.BlockUpdate(data);
        shake.OutputFinal(output);
    }
}
