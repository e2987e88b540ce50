using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Keys;

/// <summary>An Ed25519 private key with its public key (RFC 8032, section 5.1.5): an account key, or a device's signing
/// key.</summary>
public sealed class Ed25519KeyPair : SecretKey
{
    /// <summary>Length of the private key (the seed), in bytes.</summary>
    public const int PrivateKeySize = Ed25519.PrivateKeySize;

    /// <summary>Length of a signature, in bytes.</summary>
    public const int SignatureSize = Ed25519.SignatureSize;

    private Ed25519KeyPair(SecretBytes privateKey, Ed25519PublicKey publicKey)
        : base(privateKey) => PublicKey = publicKey;

    /// <summary>The public key, 32 bytes.</summary>
    public Ed25519PublicKey PublicKey { get; }

    /// <summary>A new key pair from the operating system's random generator.</summary>
    public static Ed25519KeyPair Generate() => Own(SecretBytes.Random(PrivateKeySize));

    /// <summary>Takes a private key out of the app's own store.</summary>
    /// <param name="privateKey">32 bytes; copied, so the caller zeroes its own.</param>
    /// <exception cref="ArgumentException"><paramref name="privateKey"/> is not 32 bytes.</exception>
    public static Ed25519KeyPair Import(ReadOnlySpan<byte> privateKey)
    {
        Argument.HasLength(privateKey, PrivateKeySize);
        return Own(SecretBytes.CopyOf(privateKey));
    }

    /// <summary>Signs the label, length-prefixed, and then the content: no signature fits another purpose.</summary>
    internal void Sign(ReadOnlySpan<byte> label, ReadOnlySpan<byte> content, Span<byte> signature)
    {
        using SecretScope own = Use();
        Ed25519.Sign(own.Span, PublicKey.Span, LabelledContent.Of(label, content), signature);
    }

    /// <summary>The same key pair with memory of its own, for another owner.</summary>
    internal Ed25519KeyPair Copy()
    {
        using SecretScope own = Use();
        return new(SecretBytes.CopyOf(own.Span), PublicKey);
    }

    private static Ed25519KeyPair Own(SecretBytes privateKey)
    {
        Span<byte> publicKey = stackalloc byte[Ed25519.PublicKeySize];
        using SecretScope bytes = privateKey.Use();
        Ed25519.DerivePublicKey(bytes.Span, publicKey);
        return new Ed25519KeyPair(privateKey, new Ed25519PublicKey(publicKey));
    }
}
