using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Ratchet;

/// <summary>The root key of the Diffie-Hellman ratchet: every step mixes in a new agreement.</summary>
/// <remarks>Double Ratchet, sections 4.2 and 5.2: KDF_RK_HE is HKDF-SHA-256 with the root key as salt, the agreement as input
/// and 96 bytes of output: the next root key, a chain key, a next header key.</remarks>
internal static class RootKey
{
    /// <summary>Length of a root key, in bytes.</summary>
    public const int Size = 32;

    private static ReadOnlySpan<byte> Label => "PulseMeet-E2E v1 ratchet step"u8;

    /// <param name="rootKey">32 bytes.</param>
    /// <param name="own">This side's ratchet key pair.</param>
    /// <param name="peer">The other side's ratchet key.</param>
    /// <param name="step">Written.</param>
    /// <exception cref="E2EException">The agreement is not contributory (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    public static void Step(ReadOnlySpan<byte> rootKey, X25519KeyPair own, X25519PublicKey peer, in RootStep step)
    {
        Argument.HasLength(rootKey, Size);
        using var agreement = new StackSecret(stackalloc byte[X25519.KeySize]);
        own.Agree(peer, agreement.Span);
        Hkdf.DeriveKey(agreement.Span, rootKey, Label, step.All);
    }
}
