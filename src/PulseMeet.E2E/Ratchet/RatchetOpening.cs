using System.Security.Cryptography;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Ratchet;

/// <summary>RatchetDecryptHE (Double Ratchet, section 4.4).</summary>
/// <remarks>Everything is tried on copies of the keys; the state changes only after the body's tag has verified. A forged
/// message costs at most six header trials, each over 40 bytes.</remarks>
internal static class RatchetOpening
{
    /// <param name="state">Moves on if, and only if, the message opens.</param>
    /// <param name="message">A message of type <see cref="RatchetMessage.Regular"/>.</param>
    /// <param name="associatedData">The app's, as it was sealed.</param>
    /// <param name="now">The time at which missing messages' keys are stored.</param>
    public static byte[] Open(
        RatchetState state, ReadOnlySpan<byte> message, ReadOnlySpan<byte> associatedData, DateTimeOffset now)
    {
        if (message.Length < RatchetMessage.BodyAt)
        {
            throw new E2EException(E2EError.InvalidEncoding, "Too short.");
        }

        SealedBody.CheckLength(message[RatchetMessage.BodyAt..]);
        Span<byte> opened = stackalloc byte[RatchetHeader.Size];

        // Once this side has sent under a new ratchet key, the peer's next step is the likeliest; before, it cannot come.
        bool stepIsLikely = state.Sending is not null;
        if (stepIsLikely && TryOpenHeader(state, state.NextReceivingHeaderKey, message, opened))
        {
            return OpenAfterStep(state, RatchetHeader.Read(opened), message, associatedData, now);
        }

        foreach (ReceivingChain chain in state.Receiving)
        {
            if (TryOpenHeader(state, chain.HeaderKey, message, opened))
            {
                return OpenInChain(state, chain, RatchetHeader.Read(opened).Number, message, associatedData, now);
            }
        }

        return !stepIsLikely && TryOpenHeader(state, state.NextReceivingHeaderKey, message, opened)
            ? OpenAfterStep(state, RatchetHeader.Read(opened), message, associatedData, now)
            : throw new E2EException(E2EError.NotAuthentic);
    }

    private static byte[] OpenInChain(
        RatchetState state,
        ReceivingChain chain,
        uint number,
        ReadOnlySpan<byte> message,
        ReadOnlySpan<byte> associatedData,
        DateTimeOffset now)
    {
        if (number < chain.Next)
        {
            return OpenSkipped(state, chain, number, message, associatedData, now);
        }

        if (chain.ChainKey is not { } chainKey)
        {
            throw new E2EException(E2EError.TooFarAhead);
        }

        CheckDistance(chainKey.Index, number);
        Span<byte> trial = stackalloc byte[ChainKey.Size];
        chainKey.CopyTo(trial);
        try
        {
            byte[] plaintext = OpenAt(state, trial, number - chainKey.Index, message, associatedData);
            SkipTo(state, chain, number, now);
            chainKey.Advance(trial, number + 1);
            state.DropOldChains(now - RatchetLimits.MaxSkippedKeyAge);
            return plaintext;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(trial);
        }
    }

    private static byte[] OpenSkipped(
        RatchetState state,
        ReceivingChain chain,
        uint number,
        ReadOnlySpan<byte> message,
        ReadOnlySpan<byte> associatedData,
        DateTimeOffset now)
    {
        Span<byte> messageKey = stackalloc byte[ChainKey.Size];
        if (!state.Skipped.TryGet(chain.Id, number, now - RatchetLimits.MaxSkippedKeyAge, messageKey))
        {
            throw new E2EException(E2EError.DuplicateMessage);
        }

        byte[] plaintext = OpenBody(state, messageKey, message, associatedData);
        state.Skipped.Remove(chain.Id, number);
        state.DropOldChains(now - RatchetLimits.MaxSkippedKeyAge);
        return plaintext;
    }

    private static byte[] OpenAfterStep(
        RatchetState state,
        RatchetHeader header,
        ReadOnlySpan<byte> message,
        ReadOnlySpan<byte> associatedData,
        DateTimeOffset now)
    {
        ReceivingChain? previous = state.Receiving.Count > 0 ? state.Receiving[0] : null;
        uint received = previous?.Next ?? 0;
        if (header.PreviousChainLength < received)
        {
            throw new E2EException(E2EError.NotAuthentic, "The previous chain is said to be shorter than it was.");
        }

        CheckDistance(0, header.Number);
        X25519PublicKey peer = X25519PublicKey.FromBytes(header.RatchetKey);
        Span<byte> step = stackalloc byte[RootKey.StepSize];
        state.TryStep(peer, step);
        Span<byte> trial = stackalloc byte[ChainKey.Size];
        step[32..64].CopyTo(trial);
        byte[] plaintext;
        try
        {
            plaintext = OpenAt(state, trial, header.Number, message, associatedData);
            if (previous is not null)
            {
                SkipToEnd(state, previous, header.PreviousChainLength, now);
                previous.Close(header.PreviousChainLength, now);
            }

            ReceivingChain chain = state.CommitReceivingStep(peer, step, now);
            SkipTo(state, chain, header.Number, now);
            chain.ChainKey!.Advance(trial, header.Number + 1);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(step);
            CryptographicOperations.ZeroMemory(trial);
        }

        return plaintext;
    }

    /// <summary>Steps the trial chain key past the message, and opens the message with its key.</summary>
    private static byte[] OpenAt(
        RatchetState state,
        Span<byte> trial,
        uint skipped,
        ReadOnlySpan<byte> message,
        ReadOnlySpan<byte> associatedData)
    {
        Span<byte> messageKey = stackalloc byte[ChainKey.Size];
        for (uint i = 0; i <= skipped; i++)
        {
            ChainKey.Step(trial, messageKey);
        }

        return OpenBody(state, messageKey, message, associatedData);
    }

    /// <summary>Opens the body and zeroes the key, whatever comes of it.</summary>
    private static byte[] OpenBody(
        RatchetState state, Span<byte> messageKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> associatedData)
    {
        Span<byte> buffer = stackalloc byte[BodyAssociatedData.MaxSize];
        ReadOnlySpan<byte> bound = BodyAssociatedData.Write(state.AssociatedData, message, associatedData, buffer);
        ReadOnlySpan<byte> nonce = message.Slice(RatchetMessage.NonceAt, AesGcm256.NonceSize);
        try
        {
            return SealedBody.Open(
                messageKey, nonce, nonce, RatchetMessage.BodyLabel, message[RatchetMessage.BodyAt..], bound)
                ?? throw new E2EException(E2EError.NotAuthentic);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(messageKey);
        }
    }

    /// <summary>Stores the keys of the messages before that number: they have not arrived.</summary>
    private static void SkipTo(RatchetState state, ReceivingChain chain, uint number, DateTimeOffset now)
    {
        if (chain.ChainKey is not { } chainKey)
        {
            return;
        }

        Span<byte> messageKey = stackalloc byte[ChainKey.Size];
        while (chainKey.Index < number)
        {
            uint skipped = chainKey.Index;
            chainKey.Step(messageKey);
            state.Skipped.Add(chain.Id, skipped, now, messageKey);
        }

        CryptographicOperations.ZeroMemory(messageKey);
    }

    /// <summary>Stores the newest keys of a chain that ends there, no more than are kept in all. Only for a length whose
    /// message has opened: until then the number of steps is somebody else's choice.</summary>
    private static void SkipToEnd(RatchetState state, ReceivingChain chain, uint length, DateTimeOffset now)
    {
        if (chain.ChainKey is not { } chainKey || length - chainKey.Index > RatchetLimits.MaxStepsToChainEnd)
        {
            return;
        }

        Span<byte> forgotten = stackalloc byte[ChainKey.Size];
        while (length - chainKey.Index > RatchetLimits.MaxSkippedKeys)
        {
            chainKey.Step(forgotten);
        }

        CryptographicOperations.ZeroMemory(forgotten);
        SkipTo(state, chain, length, now);
    }

    /// <summary>Refuses what is too far ahead before any key is derived. The last number has no key.</summary>
    private static void CheckDistance(uint next, uint number)
    {
        if (number - next > RatchetLimits.MaxSkippedPerStep || number == uint.MaxValue)
        {
            throw new E2EException(E2EError.TooFarAhead);
        }
    }

    private static bool TryOpenHeader(
        RatchetState state, SecretBytes headerKey, ReadOnlySpan<byte> message, Span<byte> opened)
    {
        Span<byte> buffer = stackalloc byte[Sha256.Size + RatchetMessage.PrefixSize];
        using SecretScope key = headerKey.Use();
        return AesGcm256.TryOpen(
            key.Span,
            message.Slice(RatchetMessage.NonceAt, AesGcm256.NonceSize),
            message.Slice(RatchetMessage.HeaderAt, RatchetHeader.SealedSize),
            BodyAssociatedData.WriteForHeader(state.AssociatedData, message, buffer),
            opened);
    }
}
