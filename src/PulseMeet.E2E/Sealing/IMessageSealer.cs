using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Sealing;

/// <summary>Seals single messages under a derived key that both sides hold: no ratchet, no order.</summary>
/// <remarks>AES-256-GCM with a fresh cipher key and nonce per message and padding; docs/protocol.md, "Sealed message".
/// For live conversations use the ratchet, which rotates keys with every message. Authenticates the conversation, not which of its
/// parties wrote, and detects no replay. Implementations are thread-safe.</remarks>
/// <example><code>
/// var place = new MessageContext("dm_1_2", senderId: "1", recipientId: "2", messageId: "42");
/// byte[] message = sealer.Seal(keys.Conversation, "Doors at 19:30."u8, place);
/// byte[] text = sealer.Open(keys.Conversation, message, place);
/// </code></example>
public interface IMessageSealer
{
    /// <summary>The length of a sealed message, in bytes.</summary>
    /// <param name="plaintextLength">In bytes, 0 to 16 MiB.</param>
    int GetSealedLength(int plaintextLength);

    /// <summary>Seals a message of a conversation.</summary>
    /// <param name="key">The conversation's key. Not disposed.</param>
    /// <param name="plaintext">0 bytes to 16 MiB.</param>
    /// <param name="context">Where the message belongs; authenticated.</param>
    /// <exception cref="ArgumentException">The plaintext is longer than 16 MiB.</exception>
    byte[] Seal(ConversationKey key, ReadOnlySpan<byte> plaintext, MessageContext context);

    /// <summary>Opens a message of a conversation.</summary>
    /// <param name="key">The conversation's key. Not disposed.</param>
    /// <param name="sealedMessage">What <see cref="Seal(ConversationKey, ReadOnlySpan{byte}, MessageContext)"/> gave.</param>
    /// <param name="context">As it was sealed.</param>
    /// <exception cref="E2EException">Too short or malformed (<see cref="E2EError.InvalidEncoding"/>), too long
    /// (<see cref="E2EError.LimitExceeded"/>), another version (<see cref="E2EError.UnsupportedVersion"/>), or changed,
    /// under another key or for another place (<see cref="E2EError.NotAuthentic"/>).</exception>
    byte[] Open(ConversationKey key, ReadOnlySpan<byte> sealedMessage, MessageContext context);

    /// <summary>Seals a message for the archive.</summary>
    /// <param name="key">The conversation's archive key. Not disposed.</param>
    /// <param name="plaintext">0 bytes to 16 MiB.</param>
    /// <param name="context">Where the message belongs; authenticated.</param>
    /// <exception cref="ArgumentException">The plaintext is longer than 16 MiB.</exception>
    byte[] Seal(ArchiveKey key, ReadOnlySpan<byte> plaintext, MessageContext context);

    /// <summary>Opens a message of the archive.</summary>
    /// <param name="key">The conversation's archive key. Not disposed.</param>
    /// <param name="sealedMessage">What <see cref="Seal(ArchiveKey, ReadOnlySpan{byte}, MessageContext)"/> gave.</param>
    /// <param name="context">As it was sealed.</param>
    /// <exception cref="E2EException">As for <see cref="Open(ConversationKey, ReadOnlySpan{byte}, MessageContext)"/>.</exception>
    byte[] Open(ArchiveKey key, ReadOnlySpan<byte> sealedMessage, MessageContext context);
}
