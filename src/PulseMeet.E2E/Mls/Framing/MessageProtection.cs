using System.Security.Cryptography;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Mls;

/// <summary>Sealing and opening of private messages with the keys of one epoch (RFC 9420, section 6.3).</summary>
internal static class MessageProtection
{
    /// <param name="suite">The suite.</param>
    /// <param name="content">From a member; signed for the wire format of a private message.</param>
    /// <param name="senderDataSecret">The epoch's.</param>
    /// <param name="tree">The epoch's; the sender's next key is used up.</param>
    /// <param name="padding">How many zero bytes to append, at least 0.</param>
    public static PrivateMessage Seal(
        MlsSuite suite, AuthenticatedContent content, MlsSecret senderDataSecret, SecretTree tree, int padding)
    {
        FramedContent framed = content.Content;
        uint leaf = framed.Sender.Index;
        using MessageKey key = tree.Ratchet(leaf, framed.Type).Next(out uint generation);
        using var plaintext = new MlsWriter(512);
        framed.WriteBody(plaintext);
        content.WriteAuth(plaintext);
        plaintext.Next(padding).Clear();
        using var aad = new MlsWriter();
        PrivateMessage.WriteSenderDataAad(aad, framed.GroupId, framed.Epoch, framed.Type);
        int senderDataAad = aad.Length;
        aad.WriteVector(framed.AuthenticatedData);

        Span<byte> guard = stackalloc byte[4];
        Randomness.Fill(guard);
        byte[] ciphertext = new byte[plaintext.Length + Aead.TagSize];
        Span<byte> nonce = stackalloc byte[Aead.NonceSize];
        using (SecretScope k = key.Key.Use())
        {
            GuardedNonce(key, guard, nonce);
            suite.Aead.Seal(k.Span, nonce, plaintext.Written, aad.Written, ciphertext);
        }

        uint reuseGuard = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(guard);
        return new PrivateMessage
        {
            GroupId = framed.GroupId,
            Epoch = framed.Epoch,
            Type = framed.Type,
            AuthenticatedData = framed.AuthenticatedData,
            EncryptedSenderData = new SenderData(leaf, generation, reuseGuard)
                .Seal(suite, senderDataSecret, ciphertext, aad.Written[..senderDataAad]),
            Ciphertext = ciphertext,
        };
    }

    /// <summary>Opens a message without consuming its key: the caller verifies the signature, and consumes then.</summary>
    /// <param name="suite">The suite.</param>
    /// <param name="message">The message.</param>
    /// <param name="senderDataSecret">The epoch's.</param>
    /// <param name="tree">The epoch's secret tree.</param>
    /// <param name="isMember">Whether a leaf of the epoch is not blank.</param>
    /// <param name="maxAhead">How far a ratchet may move.</param>
    /// <param name="sender">Whose key it was, and which.</param>
    /// <exception cref="E2EException">Not authentic, used before, too far ahead, or malformed.</exception>
    public static AuthenticatedContent Open(
        MlsSuite suite,
        PrivateMessage message,
        MlsSecret senderDataSecret,
        SecretTree tree,
        Func<uint, bool> isMember,
        uint maxAhead,
        out SenderData sender)
    {
        using var aad = new MlsWriter();
        PrivateMessage.WriteSenderDataAad(aad, message.GroupId, message.Epoch, message.Type);
        sender = SenderData.Open(suite, senderDataSecret, message.Ciphertext, aad.Written, message.EncryptedSenderData);
        aad.WriteVector(message.AuthenticatedData);

        // 6.3.2: the sender's leaf is not blank.
        if (!isMember(sender.LeafIndex))
        {
            throw new E2EException(E2EError.NotAuthentic, "The sender is not a member.");
        }

        using MessageKey key = tree.Look(sender.LeafIndex, message.Type, sender.Generation, maxAhead);
        byte[] plaintext = new byte[Math.Max(0, message.Ciphertext.Length - Aead.TagSize)];
        Span<byte> guard = stackalloc byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(guard, sender.ReuseGuard);
        Span<byte> nonce = stackalloc byte[Aead.NonceSize];
        GuardedNonce(key, guard, nonce);
        using (SecretScope k = key.Key.Use())
        {
            if (!suite.Aead.TryOpen(k.Span, nonce, message.Ciphertext, aad.Written, plaintext))
            {
                throw new E2EException(E2EError.NotAuthentic);
            }
        }

        try
        {
            return Parse(message, sender, plaintext);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plaintext);
        }
    }

    private static AuthenticatedContent Parse(PrivateMessage message, SenderData sender, ReadOnlySpan<byte> plaintext)
    {
        var reader = new MlsReader(plaintext);
        var content = FramedContent.ReadBody(
            ref reader, message.Type, message.GroupId, message.Epoch, Sender.Member(sender.LeafIndex), message.AuthenticatedData);
        var authenticated = AuthenticatedContent.ReadAuth(ref reader, WireFormat.PrivateMessage, content);

        // 6.3.1: the padding is all zeros.
        return ConstantTime.IsZero(reader.ReadRest())
            ? authenticated
            : throw new E2EException(E2EError.InvalidEncoding, "The padding is not zero.");
    }

    /// <summary>6.3.1: the first four bytes of the nonce are masked by the reuse guard.</summary>
    private static void GuardedNonce(MessageKey key, ReadOnlySpan<byte> guard, Span<byte> nonce)
    {
        using SecretScope from = key.Nonce.Use();
        from.Span.CopyTo(nonce);
        for (int i = 0; i < guard.Length; i++)
        {
            nonce[i] ^= guard[i];
        }
    }
}
