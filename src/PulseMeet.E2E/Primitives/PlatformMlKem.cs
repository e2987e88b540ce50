using System.Security.Cryptography;

namespace PulseMeet.E2E.Primitives;

/// <summary>ML-KEM-768 by System.Security.Cryptography, where the operating system's library has it
/// (OpenSSL 3.5 or a recent Windows).</summary>
internal sealed class PlatformMlKem : IMlKemBackend
{
    public static PlatformMlKem Instance { get; } = new();

    public static bool IsSupported { get; } = MLKem.IsSupported;

    public void DeriveEncapsulationKey(ReadOnlySpan<byte> seed, Span<byte> encapsulationKey)
    {
        using MLKem key = MLKem.ImportPrivateSeed(MLKemAlgorithm.MLKem768, seed);
        key.ExportEncapsulationKey(encapsulationKey);
    }

    public bool TryEncapsulate(ReadOnlySpan<byte> encapsulationKey, Span<byte> ciphertext, Span<byte> sharedSecret)
    {
        try
        {
            using MLKem key = MLKem.ImportEncapsulationKey(MLKemAlgorithm.MLKem768, encapsulationKey);
            key.Encapsulate(ciphertext, sharedSecret);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    public void Decapsulate(ReadOnlySpan<byte> seed, ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret)
    {
        using MLKem key = MLKem.ImportPrivateSeed(MLKemAlgorithm.MLKem768, seed);
        key.Decapsulate(ciphertext, sharedSecret);
    }

    public IParsedMlKemKey Parse(ReadOnlySpan<byte> seed) =>
        new ParsedKey(MLKem.ImportPrivateSeed(MLKemAlgorithm.MLKem768, seed));

    /// <summary>The library's own handle, which it zeroes as it frees it.</summary>
    private sealed class ParsedKey(MLKem key) : IParsedMlKemKey
    {
        private readonly Lock _lock = new();

        public void WriteEncapsulationKey(Span<byte> encapsulationKey)
        {
            lock (_lock)
            {
                key.ExportEncapsulationKey(encapsulationKey);
            }
        }

        public void Decapsulate(ReadOnlySpan<byte> ciphertext, Span<byte> sharedSecret)
        {
            lock (_lock)
            {
                key.Decapsulate(ciphertext, sharedSecret);
            }
        }

        public void Dispose()
        {
            lock (_lock)
            {
                key.Dispose();
            }
        }
    }
}
