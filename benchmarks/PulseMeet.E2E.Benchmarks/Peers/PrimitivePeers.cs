using NSec.Cryptography;
using PulseMeet.E2E.Benchmarks.Primitives;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using OwnEd25519 = PulseMeet.E2E.Primitives.Ed25519;
using OwnX25519 = PulseMeet.E2E.Primitives.X25519;

namespace PulseMeet.E2E.Benchmarks.Peers;

/// <summary>The primitives as this library calls them, and NSec (libsodium) beside them. Both begin from key bytes in every
/// symmetric call, since a ratchet's keys serve once.</summary>
internal static class PrimitivePeers
{
    private static readonly byte[] s_key = RawPrimitives.Bytes(32);
    private static readonly byte[] s_nonce = RawPrimitives.Bytes(12);
    private static readonly byte[] s_message = RawPrimitives.Bytes(256);
    private static readonly byte[] s_long = RawPrimitives.Bytes(65536);
    private static readonly byte[] s_output = new byte[65536 + 16];

    public static IReadOnlyDictionary<string, double> MeasureOwn()
    {
        byte[] curve = new byte[32];
        byte[] signing = new byte[32];
        byte[] signature = new byte[64];
        OwnX25519.DerivePublicKey(s_key, curve);
        OwnEd25519.DerivePublicKey(s_key, signing);
        OwnEd25519.Sign(s_key, signing, s_message, signature);
        return new Dictionary<string, double>
        {
            ["x25519.agree"] = SessionRows.Time(new(() => OwnX25519.TryAgree(s_key, curve, s_output.AsSpan(0, 32)))),
            ["x25519.publicKey"] = SessionRows.Time(new(() => OwnX25519.DerivePublicKey(s_key, s_output.AsSpan(0, 32)))),
            ["ed25519.sign"] = SessionRows.Time(new(() => OwnEd25519.Sign(s_key, signing, s_message, signature))),
            ["ed25519.verify"] = SessionRows.Time(new(() => OwnEd25519.Verify(signing, s_message, signature))),
            ["hmac.32"] = SessionRows.Time(new(() => Hmac.Sha256(s_key, s_message.AsSpan(0, 32), s_output.AsSpan(0, 32)))),
            ["hkdf"] = SessionRows.Time(new(() => Hkdf.DeriveKey(s_key, s_nonce, s_message.AsSpan(0, 32), s_output.AsSpan(0, 32)))),
            ["aesGcm.256"] = SessionRows.Time(new(() => AesGcm256.Seal(s_key, s_nonce, s_message, default, s_output.AsSpan(0, 272)))),
            ["aesGcm.65536"] = SessionRows.Time(new(() => AesGcm256.Seal(s_key, s_nonce, s_long, default, s_output))),
        };
    }

    public static IReadOnlyDictionary<string, double> MeasureNSec()
    {
        KeyAgreementAlgorithm agreement = KeyAgreementAlgorithm.X25519;
        SignatureAlgorithm signatures = SignatureAlgorithm.Ed25519;
        using Key curve = Key.Create(agreement);
        using Key signing = Key.Create(signatures);
        byte[] signature = signatures.Sign(signing, s_message);
        var rows = new Dictionary<string, double>
        {
            ["x25519.agree"] = SessionRows.Time(new(() => agreement.Agree(curve, curve.PublicKey)!.Dispose())),
            ["x25519.publicKey"] = SessionRows.Time(new(() => Key.Import(agreement, s_key, KeyBlobFormat.RawPrivateKey).Dispose())),
            ["ed25519.sign"] = SessionRows.Time(new(() => signatures.Sign(signing, s_message, signature))),
            ["ed25519.verify"] = SessionRows.Time(new(() => signatures.Verify(signing.PublicKey, s_message, signature))),
            ["hmac.32"] = SessionRows.Time(new(() =>
            {
                using Key key = Key.Import(MacAlgorithm.HmacSha256, s_key, KeyBlobFormat.RawSymmetricKey);
                MacAlgorithm.HmacSha256.Mac(key, s_message.AsSpan(0, 32), s_output.AsSpan(0, 32));
            })),
            ["hkdf"] = SessionRows.Time(new(() => KeyDerivationAlgorithm.HkdfSha256.DeriveBytes(
                s_key, s_nonce, s_message.AsSpan(0, 32), s_output.AsSpan(0, 32)))),
        };
        if (Aes256Gcm.IsSupported)
        {
            rows["aesGcm.256"] = SessionRows.Time(new(() => Seal(s_message)));
            rows["aesGcm.65536"] = SessionRows.Time(new(() => Seal(s_long)));
        }

        return rows;
    }

    /// <summary>NSec with keys that were imported before: without the guarded memory page that it takes for every key.</summary>
    public static IReadOnlyDictionary<string, double> MeasureNSecHeld()
    {
        using Key code = Key.Import(MacAlgorithm.HmacSha256, s_key, KeyBlobFormat.RawSymmetricKey);
        var rows = new Dictionary<string, double>
        {
            ["hmac.32"] = SessionRows.Time(new(() =>
                MacAlgorithm.HmacSha256.Mac(code, s_message.AsSpan(0, 32), s_output.AsSpan(0, 32)))),
        };
        if (Aes256Gcm.IsSupported)
        {
            using Key key = Key.Import(AeadAlgorithm.Aes256Gcm, s_key, KeyBlobFormat.RawSymmetricKey);
            rows["aesGcm.256"] = SessionRows.Time(new(() =>
                AeadAlgorithm.Aes256Gcm.Encrypt(key, s_nonce, default, s_message, s_output.AsSpan(0, 272))));
            rows["aesGcm.65536"] = SessionRows.Time(new(() =>
                AeadAlgorithm.Aes256Gcm.Encrypt(key, s_nonce, default, s_long, s_output)));
        }

        return rows;
    }

    private static void Seal(byte[] plaintext)
    {
        using Key key = Key.Import(AeadAlgorithm.Aes256Gcm, s_key, KeyBlobFormat.RawSymmetricKey);
        AeadAlgorithm.Aes256Gcm.Encrypt(key, s_nonce, default, plaintext, s_output.AsSpan(0, plaintext.Length + 16));
    }
}
