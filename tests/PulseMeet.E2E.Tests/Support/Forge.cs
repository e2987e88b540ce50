using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Tests.Support;

/// <summary>A peer that has the keys and does not keep to the protocol: headers of its own making, properly sealed.</summary>
internal static class Forge
{
    /// <summary>The ratchet state inside a session, read from its serialised form.</summary>
    public static RatchetState StateOf(RatchetSession session) => SessionStateCodec.Read(session.Serialize()).Ratchet;

    /// <summary>A message under the state's sending header key with any header and a body that does not verify.</summary>
    public static byte[] WithHeader(
        RatchetState state, ReadOnlySpan<byte> headerKey, ReadOnlySpan<byte> ratchetKey, uint previousLength, uint number)
    {
        byte[] message = new byte[RatchetMessage.BodyAt + 32];
        message[0] = RatchetMessage.Version;
        message[1] = RatchetMessage.Regular;
        Span<byte> nonce = message.AsSpan(RatchetMessage.NonceAt, AesGcm256.NonceSize);
        Randomness.NextNonce(nonce);
        byte[] header = new byte[RatchetHeader.Size];
        new RatchetHeader(ratchetKey, previousLength, number).Write(header);
        byte[] buffer = new byte[64];
        AesGcm256.Seal(
            headerKey,
            nonce,
            header,
            BodyAssociatedData.WriteForHeader(state.AssociatedData, message, buffer),
            message.AsSpan(RatchetMessage.HeaderAt, RatchetHeader.SealedSize));
        return message;
    }

    /// <summary>A copy of a secret, for tests that compare it or look for it.</summary>
    public static byte[] BytesOf(SecretBytes secret)
    {
        byte[] copy = new byte[secret.Length];
        secret.CopyTo(copy);
        return copy;
    }

    /// <inheritdoc cref="BytesOf(SecretBytes)"/>
    public static byte[] BytesOf(ChainKey chainKey)
    {
        byte[] copy = new byte[ChainKey.Size];
        chainKey.CopyTo(copy);
        return copy;
    }

    /// <summary>A message in the current sending chain with another number.</summary>
    public static byte[] WithCounter(RatchetSession sender, uint number)
    {
        using RatchetState state = StateOf(sender);
        return WithHeader(state, BytesOf(state.SendingHeaderKey), state.Own.PublicKey.Span, state.PreviousChainLength, number);
    }
}
