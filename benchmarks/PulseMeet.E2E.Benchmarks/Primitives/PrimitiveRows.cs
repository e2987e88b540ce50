using PulseMeet.E2E.Benchmarks.Measuring;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Benchmarks.Primitives;

/// <summary>Every primitive with every backend that this machine has: the figures by which backends are chosen.</summary>
internal static class PrimitiveRows
{
    public static readonly int[] Lengths = [40, 64, 256, 1024, 2048, 4096, 8192, 16384, 65536];

    private static readonly byte[] s_key = RawPrimitives.Bytes(32);
    private static readonly byte[] s_message = RawPrimitives.Bytes(256);
    private static readonly byte[] s_output = new byte[32];

    public static IEnumerable<Measurement> MeasureAesGcm() =>
        from length in Lengths
        from backend in Backends.AllAesGcm
        from row in MeasureAesGcm(backend, length)
        select row;

    public static IEnumerable<Measurement> MeasureHmac()
    {
        foreach (IHmacBackend backend in Backends.AllHmac)
        {
            string name = backend.GetType().Name;
            yield return Stopwatching.Measure($"{name}.Mac 1 byte", new(() => backend.Mac(s_key, s_message.AsSpan(0, 1), s_output)));
            yield return Stopwatching.Measure($"{name}.Mac 256 bytes", new(() => backend.Mac(s_key, s_message, s_output)));
            yield return Stopwatching.Measure($"{name}.Extract", new(() => backend.Extract(s_key, s_message.AsSpan(0, 12), s_output)));
            yield return Stopwatching.Measure($"{name}.Expand", new(() => backend.Expand(s_key, s_message.AsSpan(0, 32), s_output)));
            using IKeyedHmac keyed = backend.Keyed(s_key);
            yield return Stopwatching.Measure($"{name}, key held, 1 byte", new(() => keyed.Mac(s_message.AsSpan(0, 1), s_output)));
        }
    }

    /// <summary>A key that is set once, and seals again and again: a store's batch, a file's segments.</summary>
    public static IEnumerable<Measurement> MeasureHeldKeys()
    {
        byte[] nonce = new byte[AesGcm256.NonceSize];
        foreach ((string name, IHeldAesGcm held) in Backends.AllHeldAesGcm(s_key))
        {
            using (held)
            {
                foreach (int length in (int[])[256, 65_536])
                {
                    byte[] plaintext = new byte[length];
                    byte[] sealedBytes = new byte[length + AesGcm256.TagSize];
                    yield return Stopwatching.Measure(
                        $"AES-256-GCM, key held, {name}, {length} bytes", new(() => held.Seal(nonce, plaintext, default, sealedBytes)));
                }
            }
        }
    }

    public static IEnumerable<Measurement> MeasureRandomness()
    {
        byte[] nonce = new byte[12];
        yield return Stopwatching.Measure("Randomness.Fill 12 bytes", new(() => Randomness.Fill(nonce)));
        yield return Stopwatching.Measure("Randomness.NextNonce", new(() => Randomness.NextNonce(nonce)));
    }

    public static IEnumerable<Measurement> MeasureMlKem()
    {
        byte[] seed = RawPrimitives.Bytes(64);
        byte[] key = new byte[MlKem768.EncapsulationKeySize];
        byte[] ciphertext = new byte[MlKem768.CiphertextSize];
        foreach (IMlKemBackend backend in Backends.AllMlKem)
        {
            string name = backend.GetType().Name;
            yield return Stopwatching.Measure($"{name}.DeriveEncapsulationKey", new(() => backend.DeriveEncapsulationKey(seed, key)));
            yield return Stopwatching.Measure($"{name}.TryEncapsulate", new(() => backend.TryEncapsulate(key, ciphertext, s_output)));
            yield return Stopwatching.Measure($"{name}.Decapsulate", new(() => backend.Decapsulate(seed, ciphertext, s_output)));
        }
    }

    public static IEnumerable<Measurement> MeasureCurves()
    {
        byte[] curve = new byte[32];
        byte[] signing = new byte[32];
        byte[] signature = new byte[64];
        X25519.DerivePublicKey(s_key, curve);
        Ed25519.DerivePublicKey(s_key, signing);
        Ed25519.Sign(s_key, signing, s_message, signature);
        foreach (IX25519Backend backend in Backends.AllX25519)
        {
            yield return Stopwatching.Measure($"{backend.GetType().Name}.TryAgree", new(() => backend.TryAgree(s_key, curve, s_output)));
        }

        yield return Stopwatching.Measure("X25519.DerivePublicKey", new(() => X25519.DerivePublicKey(s_key, s_output)));
        yield return Stopwatching.Measure("Ed25519.Sign", new(() => Ed25519.Sign(s_key, signing, s_message, signature)));
        yield return Stopwatching.Measure("Ed25519.Verify", new(() => Ed25519.Verify(signing, s_message, signature)));
        yield return Stopwatching.Measure("Ed25519.IsValidPublicKey", new(() => Ed25519.IsValidPublicKey(signing)));
    }

    private static IEnumerable<Measurement> MeasureAesGcm(IAeadBackend backend, int length)
    {
        byte[] nonce = new byte[12];
        byte[] plaintext = new byte[length];
        byte[] sealedBytes = new byte[length + AesGcm256.TagSize];
        string name = backend.GetType().Name;
        backend.Seal(s_key, nonce, plaintext, default, sealedBytes);
        yield return Stopwatching.Measure(
            $"{name}.Seal {length}", new(() => backend.Seal(s_key, nonce, plaintext, default, sealedBytes)));
        yield return Stopwatching.Measure(
            $"{name}.Open {length}", new(() => backend.TryOpen(s_key, nonce, sealedBytes, default, plaintext)));
    }
}
