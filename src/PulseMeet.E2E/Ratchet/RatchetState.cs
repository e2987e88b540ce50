using System.Security.Cryptography;
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
        state.StepSending();
        return state;
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
        if (Sending is null)
        {
            X25519KeyPair spent = Own;
            Own = X25519KeyPair.Generate();
            spent.Dispose();
            StepSending();
        }
    }

    /// <summary>Writes what a step against a key of the peer's gives, and changes nothing.</summary>
    /// <param name="peer">The peer's ratchet key.</param>
    /// <param name="step">96 bytes, as <see cref="Ratchet.RootKey.Step"/> gives them; the caller zeroes them.</param>
    public void TryStep(X25519PublicKey peer, Span<byte> step)
    {
        using SecretScope rootKey = RootKey.Use();
        Ratchet.RootKey.Step(rootKey.Span, Own, peer, step);
    }

    /// <summary>Takes over a step of the peer's whose first message has verified.</summary>
    /// <param name="peer">The peer's new ratchet key.</param>
    /// <param name="step">Root key, chain key, next header key, as <see cref="TryStep"/> gave them.</param>
    /// <param name="now">When the previous chain is closed.</param>
    /// <returns>The new receiving chain.</returns>
    public ReceivingChain CommitReceivingStep(X25519PublicKey peer, ReadOnlySpan<byte> step, DateTimeOffset now)
    {
        using SecretScope nextHeaderKey = NextReceivingHeaderKey.Use();
        var chain = new ReceivingChain(
            NextChainId++, nextHeaderKey.Span, new ChainKey(step[32..64], 0), length: 0, closedAt: null);
        Receiving.Insert(0, chain);
        Peer = peer;
        RootKey.Set(step[..32]);
        step[64..].CopyTo(nextHeaderKey.Span);
        if (Sending is not null)
        {
            PreviousChainLength = Sending.Index;
            Sending.Dispose();
            Sending = null;
            SendingHeaderKey.Set(stackalloc byte[RatchetHeader.KeySize]);
        }

        DropOldChains(now - RatchetLimits.MaxSkippedKeyAge);
        return chain;
    }

    /// <summary>Drops keys and closed chains that are over their age or their number.</summary>
    public void DropOldChains(DateTimeOffset before)
    {
        Skipped.RemoveStoredBefore(before);
        for (int i = Receiving.Count - 1; i > 0; i--)
        {
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
    }

    private void StepSending()
    {
        Span<byte> step = stackalloc byte[Ratchet.RootKey.StepSize];
        TryStep(Peer!, step);
        using SecretScope nextHeaderKey = NextSendingHeaderKey.Use();
        SendingHeaderKey.Set(nextHeaderKey.Span);
        RootKey.Set(step[..32]);
        Sending = new ChainKey(step[32..64], 0);
        step[64..].CopyTo(nextHeaderKey.Span);
        CryptographicOperations.ZeroMemory(step);
    }
}
