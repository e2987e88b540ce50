using Org.BouncyCastle.Crypto.Kems;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace PulseMeet.E2E.Primitives;

/// <summary>ML-KEM-768 by BouncyCastle.</summary>
internal sealed class ManagedMlKem : IMlKemBackend
{
    private static readonly MLKemParameters s_parameters = MLKemParameters.ml_kem_768;

    public static ManagedMlKem Instance { get; } = new();

    public void DeriveEncapsulationKey(ReadOnlySpan<byte> seed, Span<byte> encapsulationKey) =>
        FromSeed(seed).GetPublicKey().GetEncoded().CopyTo(encapsulationKey);

    public bool TryEncapsulate(ReadOnlySpan<byte> encapsulationKey, Span<byte> ciphertext, Span<byte> sharedSecret)
    {
        MLKemPublicKeyParameters key;
        try
        {
            key = MLKemPublicKeyParameters.FromEncoding(s_parameters, encapsulationKey.ToArray());
        }
        catch (ArgumentException)
        {
            return false;
        }

        var encapsulator = new MLKemEncapsulator(s_parameters);
        encapsulator.Init(new ParametersWithRandom(key, SecureRandomOf.OperatingSystem));
        encapsulator.Encapsulate(ciphertext, sharedSecret);
        return true;
    }

    public void Decapsulate(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret)
    {
        var decapsulator = new MLKemDecapsulator(s_parameters);
        decapsulator.Init(FromSeed(seed));
        decapsulator.Decapsulate(ciphertext, sharedSecret);
    }

    public IParsedMlKemKey Parse(ReadOnlySpan<byte> seed)
    {
        byte[] encoded = FromSeed(seed).GetEncoded();
        try
        {
            return new ParsedKey(SecretBytes.CopyOf(encoded));
        }
        finally
        {
            SecretMemory.Zero(encoded);
        }
    }

    /// <summary>BouncyCastle takes an array and copies it; this one is ours, so it does not outlive the call.</summary>
    private static MLKemPrivateKeyParameters FromSeed(ReadOnlySpan<byte> seed)
    {
        byte[] copy = GC.AllocateUninitializedArray<byte>(seed.Length, pinned: true);
        try
        {
            seed.CopyTo(copy);
            return MLKemPrivateKeyParameters.FromSeed(s_parameters, copy);
        }
        finally
        {
            SecretMemory.Zero(copy);
        }
    }

    /// <summary>The decapsulation key of FIPS 203, section 7.1, in memory of our own: BouncyCastle's objects cannot be zeroed.</summary>
    private sealed class ParsedKey(SecretBytes encoded) : IParsedMlKemKey
    {
        /// <summary>Where the encapsulation key stands in it (FIPS 203, algorithm 16, line 3): behind 384 bytes for each of three polynomials.</summary>
        private const int EncapsulationKeyOffset = 3 * 384;

        public void WriteEncapsulationKey(Span<byte> encapsulationKey)
        {
            using SecretScope key = encoded.Use();
            key.Span.Slice(EncapsulationKeyOffset, MlKem768.EncapsulationKeySize).CopyTo(encapsulationKey);
        }

        public void Decapsulate(ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret)
        {
            byte[] copy = GC.AllocateUninitializedArray<byte>(encoded.Length, pinned: true);
            try
            {
                encoded.CopyTo(copy);
                var decapsulator = new MLKemDecapsulator(s_parameters);
                decapsulator.Init(MLKemPrivateKeyParameters.FromEncoding(s_parameters, copy));
                decapsulator.Decapsulate(ciphertext, sharedSecret);
            }
            finally
            {
                SecretMemory.Zero(copy);
            }
        }

        public void Dispose() => encoded.Dispose();
    }

    /// <summary>BouncyCastle's random source over the operating system's generator instead of a generator of its own.</summary>
    private static class SecureRandomOf
    {
        public static SecureRandom OperatingSystem { get; } =
            new(new Org.BouncyCastle.Crypto.Prng.CryptoApiRandomGenerator());
    }
}
