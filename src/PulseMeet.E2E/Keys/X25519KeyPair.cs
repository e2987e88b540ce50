using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Keys;

/// <summary>An X25519 private key with its public key (RFC 7748, section 6.1).</summary>
public sealed class X25519KeyPair : SecretKey
{
    /// <summary>Length of the private key, in bytes.</summary>
    public const int PrivateKeySize = X25519.KeySize;

    private X25519KeyPair(SecretBytes privateKey, X25519PublicKey publicKey)
        : base(privateKey) => PublicKey = publicKey;

    /// <summary>The public key, 32 bytes.</summary>
    public X25519PublicKey PublicKey { get; }

    /// <summary>A new key pair from the operating system's random generator.</summary>
    public static X25519KeyPair Generate() => Own(SecretBytes.Random(PrivateKeySize));

    /// <summary>Takes a private key out of the app's own store.</summary>
    /// <param name="privateKey">32 bytes; copied, so the caller zeroes its own.</param>
    /// <exception cref="ArgumentException"><paramref name="privateKey"/> is not 32 bytes.</exception>
    public static X25519KeyPair Import(ReadOnlySpan<byte> privateKey)
    {
        Argument.HasLength(privateKey, PrivateKeySize);
        return Own(SecretBytes.CopyOf(privateKey));
    }

    /// <summary>Takes a private key whose public key is known, without deriving it again.</summary>
    internal static X25519KeyPair Import(ReadOnlySpan<byte> privateKey, X25519PublicKey publicKey) =>
        new(SecretBytes.CopyOf(privateKey), publicKey);

    /// <summary>Writes the shared secret with the peer: 32 bytes, which the caller zeroes.</summary>
    /// <exception cref="E2EException">The agreement is not contributory (<see cref="E2EError.InvalidPublicKey"/>).</exception>
    internal void Agree(X25519PublicKey peer, Span<byte> sharedSecret)
    {
        using SecretScope own = Use();
        if (!X25519.TryAgree(own.Span, peer.Span, sharedSecret))
        {
            throw new E2EException(E2EError.InvalidPublicKey);
        }
    }

    /// <summary>The same key pair with memory of its own, for another owner.</summary>
    internal X25519KeyPair Copy()
    {
        using SecretScope own = Use();
        return Import(own.Span, PublicKey);
    }

    private static X25519KeyPair Own(SecretBytes privateKey)
    {
        Span<byte> publicKey = stackalloc byte[X25519.KeySize];
        using SecretScope bytes = privateKey.Use();
        X25519.DerivePublicKey(bytes.Span, publicKey);
        return new X25519KeyPair(privateKey, new X25519PublicKey(publicKey));
    }
}
