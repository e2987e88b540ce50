using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Handshake;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Ratchet;

/// <summary>Everything the Double Ratchet with header encryption remembers (section 4.3), under the specification's names in
/// the remarks.</summary>
/// <remarks>Owns all its secrets. Not thread-safe; <see cref="RatchetSession"/> locks.</remarks>
internal sealed class RatchetState : IDisposable
{
    public RatchetState(
        byte[] associatedData,
        X25519KeyPair own,
        ReadOnlySpan<byte> rootKey,
        ReadOnlySpan<byte> nextSendingHeaderKey,
        ReadOnlySpan<byte> nextReceivingHeaderKey)
    {
        AssociatedData = associatedData;
        Own = own;
        RootKey = SecretBytes.CopyOf(rootKey);
        SendingHeaderKey = new SecretBytes(RatchetHeader.KeySize);
        NextSendingHeaderKey = SecretBytes.CopyOf(nextSendingHeaderKey);
        NextReceivingHeaderKey = SecretBytes.CopyOf(nextReceivingHeaderKey);
    }

    /// <summary>AD: the hash of the handshake, 32 bytes.</summary>
    public byte[] AssociatedData { get; }

    /// <summary>DHs.</summary>
    public X25519KeyPair Own { get; private set; }

    /// <summary>DHr; null until the first message of the peer.</summary>
    public X25519PublicKey? Peer { get; set; }

    /// <summary>CKs and Ns; null from a step of the peer's until the next message is sent. A new ratchet key is made only
    /// then (section 6.5, "Deferring new ratchet key generation"), so that it is as fresh as can be.</summary>
    public ChainKey? Sending { get; private set; }

    /// <summary>PN.</summary>
    public uint PreviousChainLength { get; set; }

    /// <summary>CKr, HKr, Nr, and the closed chains behind them; newest first, and only the first may be open.</summary>
    public List<ReceivingChain> Receiving { get; } = [];

    /// <summary>MKSKIPPED.</summary>
    public SkippedKeys Skipped { get; } = new();

    /// <summary>What was derived for messages far ahead in a chain that has not begun. No part of the stored state.</summary>
    public StepLookaheads Ahead { get; } = new();

    public ulong NextChainId { get; set; }

    /// <summary>RK.</summary>
    public SecretBytes RootKey { get; }

    /// <summary>HKs.</summary>
    public SecretBytes SendingHeaderKey { get; }

    /// <summary>NHKs.</summary>
    public SecretBytes NextSendingHeaderKey { get; }

    /// <summary>NHKr.</summary>
    public SecretBytes NextReceivingHeaderKey { get; }

    /// <summary>RatchetInitAliceHE: the initiator steps at once, against the responder's signed prekey.</summary>
    public static RatchetState Initiator(HandshakeSecrets secrets, X25519PublicKey signedPreKey)
    {
        using SecretScope rootKey = secrets.RootKey.Use();
        using SecretScope initiator = secrets.InitiatorHeaderKey.Use();
        using SecretScope responder = secrets.ResponderNextHeaderKey.Use();
        var state = new RatchetState(
            secrets.Transcript,
            X25519KeyPair.Generate(),
            rootKey.Span,
            nextSendingHeaderKey: initiator.Span,
            nextReceivingHeaderKey: responder.Span)
        {
            Peer = signedPreKey,
        };
        try
        {
            state.StepSending(state.Own);
            return state;
        }
        catch
        {
            state.Dispose();
            throw;
        }
    }

    /// <summary>RatchetInitBobHE: the responder's first ratchet key is its signed prekey.</summary>
    public static RatchetState Responder(HandshakeSecrets secrets, X25519KeyPair signedPreKey)
    {
        using SecretScope rootKey = secrets.RootKey.Use();
        using SecretScope initiator = secrets.InitiatorHeaderKey.Use();
        using SecretScope responder = secrets.ResponderNextHeaderKey.Use();
        return new RatchetState(
            secrets.Transcript,
            signedPreKey.Copy(),
            rootKey.Span,
            nextSendingHeaderKey: responder.Span,
            nextReceivingHeaderKey: initiator.Span);
    }

    /// <summary>Begins a sending chain under a new ratchet key where there is none.</summary>
    public void EnsureSendingChain()
    {
        if (Sending is not null)
        {
            return;
        }

        X25519KeyPair fresh = X25519KeyPair.Generate();
        try
        {
            StepSending(fresh);
        }
        catch
        {
            fresh.Dispose();
            throw;
        }

        Own.Dispose();
        Own = fresh;
    }

    /// <summary>Writes what a step against a key of the peer's gives, and changes nothing.</summary>
    /// <param name="peer">The peer's ratchet key.</param>
    /// <param name="step">Written.</param>
    public void TryStep(X25519PublicKey peer, in RootStep step)
    {
        using SecretScope rootKey = RootKey.Use();
        Ratchet.RootKey.Step(rootKey.Span, Own, peer, step);
    }

    /// <summary>Takes over a step of the peer's whose first message has verified.</summary>
    /// <param name="peer">The peer's new ratchet key.</param>
    /// <param name="step">As <see cref="TryStep"/> gave it.</param>
    /// <param name="previousLength">How many messages the previous chain has.</param>
    /// <param name="now">When the previous chain is closed.</param>
    /// <returns>The new receiving chain.</returns>
    public ReceivingChain CommitReceivingStep(
        X25519PublicKey peer, in RootStep step, uint previousLength, DateTimeOffset now)
    {
        // What can fail comes first; then everything changes together.
        using SecretScope rootKey = RootKey.Use();
        using SecretScope sendingHeaderKey = SendingHeaderKey.Use();
        using SecretScope nextHeaderKey = NextReceivingHeaderKey.Use();
        var chain = new ReceivingChain(
            NextChainId, nextHeaderKey.Span, new ChainKey(step.ChainKey, 0), length: 0, closedAt: null);
        Receiving.EnsureCapacity(Receiving.Count + 1);
        if (Receiving.Count > 0)
        {
            Receiving[0].Close(previousLength, now);
        }

        chain.Ahead = Ahead.Take(peer.Span);
        Receiving.Insert(0, chain);
        NextChainId++;
        Peer = peer;
        step.RootKey.CopyTo(rootKey.Span);
        step.NextHeaderKey.CopyTo(nextHeaderKey.Span);
        if (Sending is not null)
        {
            PreviousChainLength = Sending.Index;
            Sending.Dispose();
            Sending = null;
            SecretMemory.Zero(sendingHeaderKey.Span);
        }

        DropExpired(now);
        return chain;
    }

    /// <summary>Drops keys and closed chains that are over their age or their number.</summary>
    /// <remarks>A time from the future counts as now: a clock that was once ahead would otherwise keep keys for as long.</remarks>
    public void DropExpired(DateTimeOffset now)
    {
        DateTimeOffset before = UnixTime.Before(now, RatchetLimits.MaxSkippedKeyAge);
        Skipped.CountFutureAs(now);
        Skipped.RemoveStoredBefore(before);
        for (int i = Receiving.Count - 1; i > 0; i--)
        {
            Receiving[i].CountFutureAs(now);
            if (i >= RatchetLimits.MaxReceivingChains || Receiving[i].ClosedAt < before)
            {
                Skipped.RemoveChain(Receiving[i].Id);
                Receiving[i].Dispose();
                Receiving.RemoveAt(i);
            }
        }
    }

    /// <summary>For reading a stored state.</summary>
    public void RestoreSending(ReadOnlySpan<byte> headerKey, ChainKey chainKey)
    {
        SendingHeaderKey.Set(headerKey);
        Sending = chainKey;
    }

    public void Dispose()
    {
        RootKey.Dispose();
        SendingHeaderKey.Dispose();
        NextSendingHeaderKey.Dispose();
        NextReceivingHeaderKey.Dispose();
        Own.Dispose();
        Sending?.Dispose();
        Receiving.ForEach(chain => chain.Dispose());
        Skipped.Dispose();
        Ahead.Dispose();
    }

    /// <summary>Steps with that ratchet key. What can fail comes first; then everything changes together.</summary>
    private void StepSending(X25519KeyPair own)
    {
        using var step = new RootStep(stackalloc byte[RootStep.Size]);
        using SecretScope rootKey = RootKey.Use();
        using SecretScope sendingHeaderKey = SendingHeaderKey.Use();
        using SecretScope nextHeaderKey = NextSendingHeaderKey.Use();
        Ratchet.RootKey.Step(rootKey.Span, own, Peer!, step);
        Sending = new ChainKey(step.ChainKey, 0);
        nextHeaderKey.Span.CopyTo(sendingHeaderKey.Span);
        step.RootKey.CopyTo(rootKey.Span);
        step.NextHeaderKey.CopyTo(nextHeaderKey.Span);
    }
}
