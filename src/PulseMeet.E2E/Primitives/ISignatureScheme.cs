namespace PulseMeet.E2E.Primitives;

/// <summary>A signature scheme as a cipher suite names it.</summary>
/// <remarks>Stateless and thread-safe.</remarks>
internal interface ISignatureScheme
{
    /// <summary>Length of a public key, in bytes.</summary>
    int PublicKeySize { get; }

    /// <summary>Length of a signature, in bytes.</summary>
    int SignatureSize { get; }

    void Sign(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, Span<byte> signature);

    /// <returns>False also where the key or the signature is malformed.</returns>
    bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature);
}

/// <summary>Ed25519 (RFC 8032).</summary>
internal sealed class Ed25519Scheme : ISignatureScheme
{
    public static Ed25519Scheme Instance { get; } = new();

    public int PublicKeySize => Ed25519.PublicKeySize;

    public int SignatureSize => Ed25519.SignatureSize;

    public void Sign(
        ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, Span<byte> signature) =>
        Ed25519.Sign(privateKey, publicKey, message, signature);

    public bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        Ed25519.Verify(publicKey, message, signature);
}
