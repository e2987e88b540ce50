namespace PulseMeet.E2E.Primitives;

/// <summary>One implementation of the X25519 agreement (RFC 7748, section 5).</summary>
/// <remarks>Stateless and thread-safe. Lengths are checked by <see cref="X25519"/>. Constant time in the private key.</remarks>
internal interface IX25519Backend
{
    /// <returns>False, and a zeroed secret, where the result is all zeros (section 6.1).</returns>
    bool TryAgree(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey, Span<byte> sharedSecret);
}
