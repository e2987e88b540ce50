namespace PulseMeet.E2E.Primitives;

/// <summary>ML-KEM-768 (FIPS 203): by the platform where it has it, else by BouncyCastle.</summary>
internal static class MlKem768
{
    /// <summary>Length of the private key in its seed form d || z, in bytes.</summary>
    public const int SeedSize = 64;

    /// <summary>Length of an encapsulation key (the public key), in bytes.</summary>
    public const int EncapsulationKeySize = 1184;

    /// <summary>Length of a ciphertext, in bytes.</summary>
    public const int CiphertextSize = 1088;

    /// <summary>Length of a shared secret, in bytes.</summary>
    public const int SharedSecretSize = 32;

    internal static IMlKemBackend Backend { get; } =
        PlatformMlKem.IsSupported ? PlatformMlKem.Instance : ManagedMlKem.Instance;

    public static void DeriveEncapsulationKey(ReadOnlySpan<byte> seed, Span<byte> encapsulationKey)
    {
        Argument.HasLength(seed, SeedSize);
        Argument.HasLength(encapsulationKey, EncapsulationKeySize);
        Backend.DeriveEncapsulationKey(seed, encapsulationKey);
    }

    public static bool TryEncapsulate(ReadOnlySpan<byte> encapsulationKey, Span<byte> ciphertext, Span<byte> sharedSecret)
    {
        Argument.HasLength(encapsulationKey, EncapsulationKeySize);
        Argument.HasLength(ciphertext, CiphertextSize);
        Argument.HasLength(sharedSecret, SharedSecretSize);
        return Backend.TryEncapsulate(encapsulationKey, ciphertext, sharedSecret);
    }

    public static void Decapsulate(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret)
    {
        Argument.HasLength(seed, SeedSize);
        Argument.HasLength(ciphertext, CiphertextSize);
        Argument.HasLength(sharedSecret, SharedSecretSize);
        Backend.Decapsulate(seed, ciphertext, sharedSecret);
    }

    /// <summary>The private key of a seed, for one that is used more than once, or later.</summary>
    public static IParsedMlKemKey Parse(ReadOnlySpan<byte> seed)
    {
        Argument.HasLength(seed, SeedSize);
        return Backend.Parse(seed);
    }

    /// <summary>The modulus check of FIPS 203, section 7.2: every 12-bit coefficient of the key is below q = 3329.</summary>
    public static bool IsValidEncapsulationKey(ReadOnlySpan<byte> encapsulationKey)
    {
        if (encapsulationKey.Length != EncapsulationKeySize)
        {
            return false;
        }

        const int modulus = 3329;
        ReadOnlySpan<byte> coefficients = encapsulationKey[..(EncapsulationKeySize - 32)];
        for (int i = 0; i < coefficients.Length; i += 3)
        {
            int first = coefficients[i] | ((coefficients[i + 1] & 0x0f) << 8);
            int second = (coefficients[i + 1] >> 4) | (coefficients[i + 2] << 4);
            if (first >= modulus || second >= modulus)
            {
                return false;
            }
        }

        return true;
    }
}
