using System.Security.Cryptography;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Ratchet;

/// <summary>RatchetEncryptHE (Double Ratchet, section 4.4).</summary>
internal static class RatchetSealing
{
    /// <param name="state">Moves on by one message.</param>
    /// <param name="plaintext">At most 16 MiB.</param>
    /// <param name="associatedData">The app's, at most 1,024 bytes.</param>
    /// <param name="message">As long as the layout and the padding say.</param>
    public static void Seal(
        RatchetState state, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associatedData, Span<byte> message)
    {
        state.EnsureSendingChain();
        ChainKey sending = state.Sending!;
        uint number = sending.Index;
        Span<byte> messageKey = stackalloc byte[ChainKey.Size];
        sending.Step(messageKey);

        message[0] = RatchetMessage.Version;
        message[1] = RatchetMessage.Regular;
        Span<byte> nonce = message.Slice(RatchetMessage.NonceAt, AesGcm256.NonceSize);
        Randomness.NextNonce(nonce);
        SealHeader(state, number, nonce, message);

        Span<byte> buffer = stackalloc byte[BodyAssociatedData.MaxSize];
        ReadOnlySpan<byte> bound = BodyAssociatedData.Write(state.AssociatedData, message, associatedData, buffer);
        SealedBody.Seal(
            messageKey, nonce, nonce, RatchetMessage.BodyLabel, plaintext, bound, message[RatchetMessage.BodyAt..]);
        CryptographicOperations.ZeroMemory(messageKey);
    }

    private static void SealHeader(RatchetState state, uint number, ReadOnlySpan<byte> nonce, Span<byte> message)
    {
        Span<byte> header = stackalloc byte[RatchetHeader.Size];
        new RatchetHeader(state.Own.PublicKey.Span, state.PreviousChainLength, number).Write(header);
        Span<byte> buffer = stackalloc byte[Sha256.Size + RatchetMessage.PrefixSize];
        using SecretScope headerKey = state.SendingHeaderKey.Use();
        AesGcm256.Seal(
            headerKey.Span,
            nonce,
            header,
            BodyAssociatedData.WriteForHeader(state.AssociatedData, message, buffer),
            message.Slice(RatchetMessage.HeaderAt, RatchetHeader.SealedSize));
    }
}
