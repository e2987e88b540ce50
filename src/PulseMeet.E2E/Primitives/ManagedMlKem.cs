using System.Security.Cryptography;
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
            CryptographicOperations.ZeroMemory(copy);
        }
    }

    /// <summary>BouncyCastle's random source over the operating system's generator instead of a generator of its own.</summary>
    private static class SecureRandomOf
    {
        public static SecureRandom OperatingSystem { get; } =
            new(new Org.BouncyCastle.Crypto.Prng.CryptoApiRandomGenerator());
    }
}
