using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Keys;

/// <summary>An ML-KEM-768 private key in seed form (FIPS 203, section 3.3: d || z) with its encapsulation key.</summary>
internal sealed class MlKemKeyPair : SecretKey
{
    /// <summary>Length of the private key's seed, in bytes.</summary>
    public const int SeedSize = MlKem768.SeedSize;

    private MlKemKeyPair(SecretBytes seed, MlKemPublicKey publicKey)
        : base(seed) => PublicKey = publicKey;

    /// <summary>The encapsulation key, 1,184 bytes.</summary>
    public MlKemPublicKey PublicKey { get; }

    /// <summary>A new key pair from the operating system's random generator.</summary>
    public static MlKemKeyPair Generate() => Own(SecretBytes.Random(SeedSize));

    /// <summary>Takes a private key out of the app's own store.</summary>
    /// <param name="seed">64 bytes; copied, so the caller zeroes its own.</param>
    /// <exception cref="ArgumentException"><paramref name="seed"/> is not 64 bytes.</exception>
    public static MlKemKeyPair Import(ReadOnlySpan<byte> seed)
    {
        Argument.HasLength(seed, SeedSize);
        return Own(SecretBytes.CopyOf(seed));
    }

    /// <summary>Takes a private key whose encapsulation key is known, without deriving it again.</summary>
    internal static MlKemKeyPair Import(ReadOnlySpan<byte> seed, MlKemPublicKey publicKey) =>
        new(SecretBytes.CopyOf(seed), publicKey);

    /// <summary>Writes the shared secret of a ciphertext: 32 bytes, which the caller zeroes.</summary>
    internal void Decapsulate(ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret)
    {
        using SecretScope seed = Use();
        MlKem768.Decapsulate(seed.Span, ciphertext, sharedSecret);
    }

    private static MlKemKeyPair Own(SecretBytes seed)
    {
        Span<byte> publicKey = stackalloc byte[MlKem768.EncapsulationKeySize];
        using SecretScope bytes = seed.Use();
        MlKem768.DeriveEncapsulationKey(bytes.Span, publicKey);
        return new MlKemKeyPair(seed, new MlKemPublicKey(publicKey));
    }
}
