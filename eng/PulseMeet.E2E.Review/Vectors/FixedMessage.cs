using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Sealing;
using static PulseMeet.E2E.Review.Vectors.Values;

namespace PulseMeet.E2E.Review.Vectors;

/// <summary>A ratchet message out of given keys and a given nonce, step by step as docs/protocol.md says, beside the library's own
/// sealing.</summary>
/// <param name="Session">The session's associated data: the transcript, 32 bytes.</param>
/// <param name="HeaderKey">32 bytes.</param>
/// <param name="RatchetKey">32 bytes; the sender's.</param>
/// <param name="Previous">The length of the sender's previous chain.</param>
/// <param name="Number">In this chain.</param>
/// <param name="MessageKey">32 bytes.</param>
/// <param name="Nonce">12 bytes.</param>
internal sealed record FixedMessage(
    byte[] Session, byte[] HeaderKey, byte[] RatchetKey, uint Previous, uint Number, byte[] MessageKey, byte[] Nonce)
{
    /// <summary>The message with the text under the default padding.</summary>
    public byte[] Seal(byte[] plaintext, byte[] app)
    {
        byte[] padded = new byte[PaddingScheme.Default.GetPaddedLength(plaintext.Length)];
        Padding.Write(plaintext, padded);
        return SealPadded(padded, app);
    }

    /// <summary>The message with any bytes in the place of a padded text.</summary>
    public byte[] SealPadded(byte[] padded, byte[] app)
    {
        byte[] header = new byte[RatchetHeader.Size];
        new RatchetHeader(RatchetKey, Previous, Number).Write(header);
        byte[] sealedHeader = new byte[RatchetHeader.SealedSize];
        AesGcm256.Seal(HeaderKey, Nonce, header, [.. Session, 1, 1], sealedHeader);
        byte[] prefix = [1, 1, .. Nonce, .. sealedHeader];
        byte[] cipherKey = new byte[AesGcm256.KeySize];
        Hkdf.DeriveKey(MessageKey, Nonce, "PulseMeet-E2E v1 ratchet message"u8, cipherKey);
        byte[] body = new byte[padded.Length + AesGcm256.TagSize];
        AesGcm256.Seal(cipherKey, Nonce, padded, [.. Session, .. prefix, .. app], body);
        return [.. prefix, .. body];
    }

    /// <summary>The key of a message in a chain whose key stands at <paramref name="index"/>.</summary>
    public static byte[] KeyAt(byte[] chainKey, uint index, uint number)
    {
        using var chain = new ChainKey(chainKey, index);
        byte[] messageKey = new byte[ChainKey.Size];
        while (chain.Index <= number)
        {
            chain.Step(messageKey);
        }

        return messageKey;
    }

    /// <summary>What a step of the peer's gives: the next root key, a chain key, a next header key, 32 bytes each.</summary>
    public static byte[] Step(byte[] rootKey, byte[] peerPrivate, X25519PublicKey own)
    {
        using X25519KeyPair peer = X25519KeyPair.Import(peerPrivate);
        byte[] step = new byte[RootStep.Size];
        RootKey.Step(rootKey, peer, own, new RootStep(step));
        return step;
    }

    public static byte[] NonceOf(string name) => Fixed(name)[..AesGcm256.NonceSize];
}
