using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Legacy;

/// <summary>Nonce, tag and ciphertext of a legacy message or media file, and the trial of candidate keys on them.</summary>
internal sealed class LegacySealed
{
    private readonly byte[] _nonce;

    /// <summary>The ciphertext and then the tag.</summary>
    private readonly ReadOnlyMemory<byte> _sealed;

    /// <param name="nonce">12 bytes.</param>
    /// <param name="sealedContent">The ciphertext and then the tag; kept, not copied.</param>
    public LegacySealed(byte[] nonce, ReadOnlyMemory<byte> sealedContent)
    {
        _nonce = nonce;
        _sealed = sealedContent;
    }

    private static ReadOnlySpan<byte> ZeroKey => new byte[LegacyKey.KeySize];

    /// <summary>Tries the candidates in their order, then the all-zero key.</summary>
    /// <exception cref="E2EException">None fits (<see cref="E2EError.NoKeyFits"/>).</exception>
    public LegacyOpened Open(IEnumerable<LegacyCandidate> candidates)
    {
        byte[] plaintext = new byte[_sealed.Length - AesGcm256.TagSize];
        foreach (LegacyCandidate candidate in candidates)
        {
            using SecretScope key = candidate.Key.Use();
            if (TryOpen(key.Span, plaintext))
            {
                bool zero = ConstantTime.IsZero(key.Span);
                return new(
                    plaintext,
                    zero ? LegacyCandidate.ZeroKeyName : candidate.Name,
                    zero ? LegacyProtection.ZeroKey : LegacyProtection.Encrypted);
            }
        }

        // A trial that fails leaves zeros behind, so that nothing of another trial is in the buffer.
        return TryOpen(ZeroKey, plaintext)
            ? new(plaintext, LegacyCandidate.ZeroKeyName, LegacyProtection.ZeroKey)
            : throw new E2EException(E2EError.NoKeyFits);
    }

    private bool TryOpen(ReadOnlySpan<byte> key, Span<byte> plaintext) =>
        AesGcm256.TryOpen(key, _nonce, _sealed.Span, default, plaintext);
}

/// <summary>What a trial gave.</summary>
internal readonly record struct LegacyOpened(byte[] Plaintext, string KeyName, LegacyProtection Protection);
