using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Ratchet;

/// <summary>RatchetDecryptHE (Double Ratchet, section 4.4).</summary>
/// <remarks>Everything is tried on copies of the keys; the state changes only after the body's tag has verified. A forged
/// message costs at most six header trials, each over 40 bytes; a damaged one whose header is authentic the way to its key, which
/// is made once (<see cref="Lookahead"/>).</remarks>
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

        CheckDistance(chainKey.Index, number, RatchetLimits.MaxSkippedPerStep);
        Lookahead? marks = number - chainKey.Index < Lookahead.Interval ? chain.Ahead : chain.Ahead ??= new Lookahead();
        using SecretScope origin = chainKey.Use();
        using var memory = new StackSecret(stackalloc byte[ChainKey.Size]);
        using var trial = new ChainTrial(origin.Span, chainKey.Index, number, marks, memory.Span);
        byte[] plaintext = OpenAt(state, trial, message, associatedData);
        uint skipped = number - chainKey.Index;
        trial.Commit(chainKey, state.Skipped, chain.Id, now);
        Telemetry.KeysSkipped(skipped);
        chain.DropPassedMarks();
        state.DropExpired(now);
        return plaintext;
    }

    private static byte[] OpenSkipped(
        RatchetState state,
        ReceivingChain chain,
        uint number,
        ReadOnlySpan<byte> message,
        ReadOnlySpan<byte> associatedData,
        DateTimeOffset now)
    {
        using var messageKey = new StackSecret(stackalloc byte[ChainKey.Size]);
        if (!state.Skipped.TryGet(chain.Id, number, UnixTime.Before(now, RatchetLimits.MaxSkippedKeyAge), messageKey.Span))
        {
            throw new E2EException(E2EError.DuplicateMessage);
        }

        byte[] plaintext = OpenBody(state, messageKey.Span, message, associatedData);
        state.Skipped.Remove(chain.Id, number);
        state.DropExpired(now);
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

        // The first message of a session comes from whoever wants to begin one.
        int mayBeMissing = state.Peer is null ? RatchetLimits.MaxSkippedBeforeSession : RatchetLimits.MaxSkippedPerStep;
        CheckDistance(0, header.Number, mayBeMissing);
        X25519PublicKey peer = X25519PublicKey.FromBytes(header.RatchetKey);
        Lookahead? marks = header.Number < Lookahead.Interval
            ? null
            : state.Ahead.For(header.RatchetKey) ?? throw new E2EException(E2EError.TooFarAhead);
        using var step = new RootStep(stackalloc byte[RootStep.Size]);
        state.TryStep(peer, step);
        using var memory = new StackSecret(stackalloc byte[ChainKey.Size]);
        using var trial = new ChainTrial(step.ChainKey, 0, header.Number, marks, memory.Span);
        byte[] plaintext = OpenAt(state, trial, message, associatedData);
        if (previous is not null)
        {
            SkipToEnd(state, previous, header.PreviousChainLength, now);
        }

        ReceivingChain chain = state.CommitReceivingStep(peer, step, header.PreviousChainLength, now);
        trial.Commit(chain.ChainKey!, state.Skipped, chain.Id, now);
        Telemetry.KeysSkipped(header.Number);
        chain.DropPassedMarks();
        return plaintext;
    }

    /// <summary>Derives the message's key and opens the message with it.</summary>
    private static byte[] OpenAt(
        RatchetState state, ChainTrial trial, ReadOnlySpan<byte> message, ReadOnlySpan<byte> associatedData)
    {
        using var messageKey = new StackSecret(stackalloc byte[ChainKey.Size]);
        trial.Derive(messageKey.Span);
        return OpenBody(state, messageKey.Span, message, associatedData);
    }

    private static byte[] OpenBody(
        RatchetState state, ReadOnlySpan<byte> messageKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> associatedData)
    {
        Span<byte> buffer = stackalloc byte[BodyAssociatedData.MaxSize];
        ReadOnlySpan<byte> bound = BodyAssociatedData.Write(state.AssociatedData, message, associatedData, buffer);
        ReadOnlySpan<byte> nonce = message.Slice(RatchetMessage.NonceAt, AesGcm256.NonceSize);
        return SealedBody.Open(messageKey, nonce, nonce, RatchetMessage.BodyLabel, message[RatchetMessage.BodyAt..], bound)
            ?? throw new E2EException(E2EError.NotAuthentic);
    }

    /// <summary>Stores the newest keys of a chain that ends there, no more than are kept in all. Only for a length whose
    /// message has opened: until then the number of steps is somebody else's choice.</summary>
    private static void SkipToEnd(RatchetState state, ReceivingChain chain, uint length, DateTimeOffset now)
    {
        if (chain.ChainKey is not { } chainKey || length - chainKey.Index > RatchetLimits.MaxSkippedPerStep)
        {
            return;
        }

        using var messageKey = new StackSecret(stackalloc byte[ChainKey.Size]);
        while (chainKey.Index < length)
        {
            uint skipped = chainKey.Index;
            chainKey.Step(messageKey.Span);
            if (length - skipped <= RatchetLimits.MaxSkippedKeys)
            {
                state.Skipped.Add(chain.Id, skipped, now, messageKey.Span);
            }
        }
    }

    /// <summary>Refuses what is too far ahead before any key is derived. The last number has no key.</summary>
    private static void CheckDistance(uint next, uint number, int mayBeMissing)
    {
        if (number - next > mayBeMissing || number == uint.MaxValue)
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
