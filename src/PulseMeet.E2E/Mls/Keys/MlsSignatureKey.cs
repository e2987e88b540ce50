using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>The Ed25519 key that signs for a leaf.</summary>
/// <remarks>Owns the private key. Thread-safe for signing.</remarks>
internal sealed class MlsSignatureKey : IDisposable
{
    private readonly MlsSecret _privateKey;

    private MlsSignatureKey(MlsSecret privateKey)
    {
        _privateKey = privateKey;
        PublicKey = new byte[Ed25519.PublicKeySize];
        using SecretScope scope = privateKey.Use();
        Ed25519.DerivePublicKey(scope.Span, PublicKey);
    }

    /// <summary>SignaturePublicKey, 32 bytes (RFC 9420, section 5.1.1).</summary>
    public byte[] PublicKey { get; }

    public static MlsSignatureKey Generate() => new(MlsSecret.Random(Ed25519.PrivateKeySize));

    /// <param name="privateKey">32 bytes; copied.</param>
    public static MlsSignatureKey Import(ReadOnlySpan<byte> privateKey)
    {
        Argument.HasLength(privateKey, Ed25519.PrivateKeySize);
        return new MlsSignatureKey(MlsSecret.CopyOf(privateKey));
    }

    public MlsSignatureKey Copy() => new(_privateKey.Copy());

    public byte[] Sign(ISignatureScheme scheme, ReadOnlySpan<byte> content)
    {
        byte[] signature = new byte[scheme.SignatureSize];
        using SecretScope scope = _privateKey.Use();
        scheme.Sign(scope.Span, PublicKey, content, signature);
        return signature;
    }

    public void WriteVector(MlsWriter writer) => _privateKey.WriteVector(writer);

    public void Dispose() => _privateKey.Dispose();
}
