using BouncyCastleX25519 = Org.BouncyCastle.Math.EC.Rfc7748.X25519;

namespace PulseMeet.E2E.Primitives;

/// <summary>The X25519 agreement by BouncyCastle: everywhere.</summary>
internal sealed class ManagedX25519 : IX25519Backend
{
    public static ManagedX25519 Instance { get; } = new();

    public bool TryAgree(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey, Span<byte> sharedSecret) =>
        BouncyCastleX25519.CalculateAgreement(privateKey, publicKey, sharedSecret);
}
