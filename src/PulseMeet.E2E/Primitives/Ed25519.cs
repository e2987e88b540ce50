using BouncyCastleEd25519 = Org.BouncyCastle.Math.EC.Rfc8032.Ed25519;

namespace PulseMeet.E2E.Primitives;

/// <summary>Ed25519 (RFC 8032, section 5.1), by BouncyCastle.</summary>
internal static class Ed25519
{
    /// <summary>Length of a private key (the seed), in bytes.</summary>
    public const int PrivateKeySize = 32;

    /// <summary>Length of a public key, in bytes.</summary>
    public const int PublicKeySize = 32;

    /// <summary>Length of a signature, in bytes.</summary>
    public const int SignatureSize = 64;

    public static void GeneratePrivateKey(Span<byte> privateKey)
    {
        Argument.HasLength(privateKey, PrivateKeySize);
        Randomness.Fill(privateKey);
    }

    public static void DerivePublicKey(ReadOnlySpan<byte> privateKey, Span<byte> publicKey)
    {
        Argument.HasLength(privateKey, PrivateKeySize);
        Argument.HasLength(publicKey, PublicKeySize);
        BouncyCastleEd25519.GeneratePublicKey(privateKey, publicKey);
    }

    /// <param name="privateKey">32 bytes.</param>
    /// <param name="publicKey">The public key of <paramref name="privateKey"/>; saves deriving it again.</param>
    /// <param name="message">Any length.</param>
    /// <param name="signature">64 bytes, written.</param>
    public static void Sign(
        ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, Span<byte> signature)
    {
        Argument.HasLength(privateKey, PrivateKeySize);
        Argument.HasLength(publicKey, PublicKeySize);
        Argument.HasLength(signature, SignatureSize);
        BouncyCastleEd25519.Sign(privateKey, publicKey, message, signature);
    }

    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        publicKey.Length == PublicKeySize
        && signature.Length == SignatureSize
        && BouncyCastleEd25519.Verify(signature, publicKey, message);

    /// <summary>The point of a valid public key; null where <see cref="IsValidPublicKey"/> says no. Verifying with it saves decoding the
    /// key each time, a tenth of the work.</summary>
    public static Point? Decode(ReadOnlySpan<byte> publicKey) =>
        publicKey.Length == PublicKeySize && BouncyCastleEd25519.ValidatePublicKeyFullExport(publicKey) is { } point ? new(point) : null;

    /// <summary>The point of a key that was found valid before; null where it is none.</summary>
    public static Point? DecodeValid(ReadOnlySpan<byte> publicKey) =>
        publicKey.Length == PublicKeySize && BouncyCastleEd25519.ValidatePublicKeyPartialExport(publicKey) is { } point ? new(point) : null;

    public static bool Verify(Point publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        signature.Length == SignatureSize && BouncyCastleEd25519.Verify(signature, publicKey.Decoded, message);

    /// <summary>Whether the key is the canonical encoding of a point of the prime-order subgroup.</summary>
    public static bool IsValidPublicKey(ReadOnlySpan<byte> publicKey) =>
        publicKey.Length == PublicKeySize && BouncyCastleEd25519.ValidatePublicKeyFull(publicKey);

    /// <summary>A public key, decoded. Immutable and thread-safe.</summary>
    internal sealed class Point(BouncyCastleEd25519.PublicPoint decoded)
    {
        public BouncyCastleEd25519.PublicPoint Decoded { get; } = decoded;
    }
}
