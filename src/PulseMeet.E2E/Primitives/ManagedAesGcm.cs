using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;

namespace PulseMeet.E2E.Primitives;

/// <summary>AES-256-GCM by BouncyCastle: the faster one for short input where the processor has AES instructions, and the
/// only one where the platform has none.</summary>
/// <remarks>BouncyCastle keeps the key schedule in ordinary managed memory until the collector reclaims it; see
/// docs/threat-model.md, "Memory".</remarks>
internal sealed class ManagedAesGcm : IAeadBackend
{
    public static ManagedAesGcm Instance { get; } = new();

    public static bool IsHardwareAccelerated { get; } = AesUtilities.IsHardwareAccelerated;

    public void Seal(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> plaintext,
        ReadOnlySpan<byte> associatedData,
        Span<byte> sealedBytes)
    {
        GcmBlockCipher gcm = Create(forEncryption: true, key, nonce, associatedData);
        int written = gcm.ProcessBytes(plaintext, sealedBytes);
        gcm.DoFinal(sealedBytes[written..]);
    }

    public bool TryOpen(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> sealedBytes,
        ReadOnlySpan<byte> associatedData,
        Span<byte> plaintext)
    {
        GcmBlockCipher gcm = Create(forEncryption: false, key, nonce, associatedData);
        try
        {
            int written = gcm.ProcessBytes(sealedBytes, plaintext);
            gcm.DoFinal(plaintext[written..]);
            return true;
        }
        catch (InvalidCipherTextException)
        {
            plaintext.Clear();
            return false;
        }
    }

    private static GcmBlockCipher Create(
        bool forEncryption, ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData)
    {
        var gcm = new GcmBlockCipher(AesUtilities.CreateEngine());
        gcm.Init(forEncryption, new ParametersWithIV(new KeyParameter(key), nonce));
        gcm.ProcessAadBytes(associatedData);
        return gcm;
    }
}
