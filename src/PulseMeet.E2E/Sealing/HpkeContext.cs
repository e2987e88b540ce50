using System.Buffers.Binary;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Sealing;

/// <summary>The keys of one HPKE encapsulation: seals or opens in order, and exports (RFC 9180, sections 5.1 to 5.3).</summary>
/// <remarks>Not thread-safe. Owns its secrets.</remarks>
internal sealed class HpkeContext : IDisposable
{
    private readonly HpkeSuite _suite;
    private readonly SecretBytes _key;
    private readonly byte[] _nonce = new byte[Aead.NonceSize];
    private readonly SecretBytes _exporter;
    private ulong _sequence;

    /// <summary>KeySchedule in base mode (section 5.1): no PSK.</summary>
    internal HpkeContext(HpkeSuite suite, ReadOnlySpan<byte> sharedSecret, ReadOnlySpan<byte> info)
    {
        _suite = suite;
        HashFunction kdf = suite.Kdf;
        _key = new SecretBytes(suite.Aead.KeySize);
        _exporter = new SecretBytes(kdf.Size);

        // The mode (base, 0), the hash of the empty PSK id, the hash of the info.
        Span<byte> context = stackalloc byte[1 + (2 * kdf.Size)];
        context[0] = 0;
        HpkeLabels.Extract(kdf, suite.SuiteId, default, "psk_id_hash"u8, default, context.Slice(1, kdf.Size));
        HpkeLabels.Extract(kdf, suite.SuiteId, default, "info_hash"u8, info, context[(1 + kdf.Size)..]);
        using SecretScope key = _key.Use();
        using SecretScope exporter = _exporter.Use();
        using var secret = new StackSecret(stackalloc byte[kdf.Size]);
        HpkeLabels.Extract(kdf, suite.SuiteId, sharedSecret, "secret"u8, default, secret.Span);
        HpkeLabels.Expand(kdf, suite.SuiteId, secret.Span, "key"u8, context, key.Span);
        HpkeLabels.Expand(kdf, suite.SuiteId, secret.Span, "base_nonce"u8, context, _nonce);
        HpkeLabels.Expand(kdf, suite.SuiteId, secret.Span, "exp"u8, context, exporter.Span);
    }

    /// <summary>Seals the next message: the ciphertext and then the tag of 16 bytes.</summary>
    public byte[] Seal(ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext)
    {
        byte[] sealedBytes = new byte[plaintext.Length + Aead.TagSize];
        Seal(associatedData, plaintext, sealedBytes);
        return sealedBytes;
    }

    /// <summary>Seals the next message into memory that is longer by the tag of 16 bytes.</summary>
    public void Seal(ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> sealedBytes)
    {
        Span<byte> nonce = stackalloc byte[Aead.NonceSize];
        NextNonce(nonce);
        using SecretScope key = _key.Use();
        _suite.Aead.Seal(key.Span, nonce, plaintext, associatedData, sealedBytes);
        _sequence++;
    }

    /// <summary>Opens the next message.</summary>
    /// <returns>False, and the sequence does not move, where the tag does not verify.</returns>
    public bool TryOpen(ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> sealedBytes, Span<byte> plaintext)
    {
        Span<byte> nonce = stackalloc byte[Aead.NonceSize];
        NextNonce(nonce);
        using SecretScope key = _key.Use();
        if (!_suite.Aead.TryOpen(key.Span, nonce, sealedBytes, associatedData, plaintext))
        {
            return false;
        }

        _sequence++;
        return true;
    }

    /// <summary>Section 5.3.</summary>
    public void Export(ReadOnlySpan<byte> exporterContext, Span<byte> secret)
    {
        using SecretScope exporter = _exporter.Use();
        HpkeLabels.Expand(_suite.Kdf, _suite.SuiteId, exporter.Span, "sec"u8, exporterContext, secret);
    }

    public void Dispose()
    {
        _key.Dispose();
        _exporter.Dispose();
    }

    /// <summary>ComputeNonce (section 5.2).</summary>
    private void NextNonce(Span<byte> nonce)
    {
        if (_sequence == ulong.MaxValue)
        {
            throw new E2EException(E2EError.ChainExhausted);
        }

        _nonce.CopyTo(nonce);
        Span<byte> counter = nonce[(Aead.NonceSize - sizeof(ulong))..];
        BinaryPrimitives.WriteUInt64BigEndian(counter, BinaryPrimitives.ReadUInt64BigEndian(counter) ^ _sequence);
    }
}
