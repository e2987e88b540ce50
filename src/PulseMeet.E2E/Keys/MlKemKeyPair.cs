using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Keys;

/// <summary>An ML-KEM-768 private key in seed form (FIPS 203, section 3.3: d || z) with its encapsulation key.</summary>
/// <remarks>What decapsulation needs is derived from the seed once, at first use, and kept until the key is disposed (2,400 bytes with
/// BouncyCastle). Thread-safe.</remarks>
internal sealed class MlKemKeyPair : SecretKey
{
    /// <summary>Length of the private key's seed, in bytes.</summary>
    public const int SeedSize = MlKem768.SeedSize;

    private readonly Lock _lock = new();
    private IParsedMlKemKey? _parsed;
    private MlKemPublicKey? _publicKey;

    private MlKemKeyPair(SecretBytes seed)
        : base(seed)
    {
    }

    /// <summary>The encapsulation key, 1,184 bytes.</summary>
    /// <exception cref="ObjectDisposedException">The key was disposed before this was first asked.</exception>
    public MlKemPublicKey PublicKey => _publicKey ?? ReadPublicKey();

    /// <summary>A new key pair from the operating system's random generator.</summary>
    public static MlKemKeyPair Generate() => new(SecretBytes.Random(SeedSize));

    /// <summary>Takes a private key out of the app's own store.</summary>
    /// <param name="seed">64 bytes; copied, so the caller zeroes its own.</param>
    /// <exception cref="ArgumentException"><paramref name="seed"/> is not 64 bytes.</exception>
    public static MlKemKeyPair Import(ReadOnlySpan<byte> seed)
    {
        Argument.HasLength(seed, SeedSize);
        return new(SecretBytes.CopyOf(seed));
    }

    /// <summary>Writes the shared secret of a ciphertext: 32 bytes, which the caller zeroes.</summary>
    /// <exception cref="ObjectDisposedException">The key was disposed.</exception>
    internal void Decapsulate(ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret) => Parsed().Decapsulate(ciphertext, sharedSecret);

    private protected override void DisposeDerived()
    {
        // Under the lock: what another thread derives at this moment would stay otherwise.
        lock (_lock)
        {
            _parsed?.Dispose();
        }
    }

    private IParsedMlKemKey Parsed()
    {
        lock (_lock)
        {
            if (_parsed is null)
            {
                using SecretScope seed = Use();
                _parsed = MlKem768.Parse(seed.Span);
            }

            return _parsed;
        }
    }

    private MlKemPublicKey ReadPublicKey()
    {
        Span<byte> publicKey = stackalloc byte[MlKem768.EncapsulationKeySize];
        Parsed().WriteEncapsulationKey(publicKey);
        return _publicKey = new MlKemPublicKey(publicKey);
    }
}
