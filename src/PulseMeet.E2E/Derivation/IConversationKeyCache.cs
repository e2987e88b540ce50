using PulseMeet.E2E.Keys;

namespace PulseMeet.E2E.Derivation;

/// <summary>The keys of conversations, derived once and kept for a while in this process's memory: key management for an app that
/// seals single messages without sessions.</summary>
/// <remarks>No key is ever written anywhere, and none goes to a server: what is gone is derived again. Implementations are
/// thread-safe.</remarks>
public interface IConversationKeyCache
{
    /// <summary>The keys of the epoch that the clock is in: what to seal with. The epoch changes by itself at every rotation interval,
    /// counted from 1970, so that both parties come to the same one.</summary>
    /// <param name="own">This party's key pair. Not disposed.</param>
    /// <param name="peer">The other party's public key.</param>
    /// <param name="conversationId">1 to 255 bytes in UTF-8.</param>
    /// <param name="kind">Direct or pulse.</param>
    /// <returns>Keys of the caller's own, who disposes them. Their <see cref="ConversationKeys.Context"/> has the epoch, which the
    /// message has to carry, since the reader's clock may be in another.</returns>
    /// <exception cref="E2EException">As for <see cref="IKeyDerivationService.DeriveConversationKeys"/>.</exception>
    /// <example><code>
    /// using ConversationKeys keys = cache.GetCurrent(own, peer, "dm_1_2");
    /// byte[] message = sealer.Seal(keys.Conversation, text, context);
    /// Send(keys.Context.Epoch, message);
    /// </code></example>
    ConversationKeys GetCurrent(
        X25519KeyPair own, X25519PublicKey peer, string conversationId, ConversationKind kind = ConversationKind.Direct);

    /// <summary>The keys of any epoch: what to open with.</summary>
    /// <param name="own">This party's key pair. Not disposed.</param>
    /// <param name="peer">The other party's public key.</param>
    /// <param name="context">The conversation and the epoch that the message carries.</param>
    /// <returns>Keys of the caller's own, who disposes them.</returns>
    /// <exception cref="E2EException">As for <see cref="IKeyDerivationService.DeriveConversationKeys"/>.</exception>
    ConversationKeys GetEpoch(X25519KeyPair own, X25519PublicKey peer, ConversationContext context);

    /// <summary>Zeroes everything that is kept, as when the user signs out or the device is locked.</summary>
    void Clear();
}
