using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Verification;

/// <summary>The side that begins a comparison by voice: sends its commitment (<see cref="Commit"/>), gets the peer's answer, and reveals.
/// </summary>
/// <remarks>docs/protocol-verification.md, "Short authentication string". One object for one comparison; after a refusal it serves no
/// more, so that nobody tries a second answer on it. Not thread-safe.</remarks>
public sealed class ShortAuthenticationInitiator
{
    private readonly ShortAuthenticationTranscript _transcript;
    private readonly byte[] _nonce;
    private bool _isDone;

    /// <param name="own">One's own account.</param>
    /// <param name="peer">The peer's account, as it is known here.</param>
    /// <param name="context">What names the call, the same on both sides: its id, or a hash of its key agreement. 0 to 255 bytes.</param>
    /// <exception cref="ArgumentException">Both are the same user, or the context is too long.</exception>
    public ShortAuthenticationInitiator(AccountIdentity own, AccountIdentity peer, ReadOnlySpan<byte> context)
        : this(own, peer, context, ShortAuthenticationTranscript.NewNonce())
    {
    }

    internal ShortAuthenticationInitiator(AccountIdentity own, AccountIdentity peer, ReadOnlySpan<byte> context, byte[] nonce)
    {
        _transcript = new ShortAuthenticationTranscript(own, peer, context);
        _nonce = nonce;
    }

    /// <summary>The first message, 34 bytes.</summary>
    public byte[] Commit() => ShortAuthenticationTranscript.Message(
        ShortAuthenticationTranscript.CommitmentType, _transcript.Commit(_nonce));

    /// <summary>Takes the peer's answer, once; only then is the own nonce revealed.</summary>
    /// <param name="answer">The second message, <see cref="ShortAuthenticationResponder.Answer"/>.</param>
    /// <param name="reveal">The third message, 34 bytes, for the peer.</param>
    /// <returns>What both people read to each other.</returns>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), another version
    /// (<see cref="E2EError.UnsupportedVersion"/>), one's own nonce returned (<see cref="E2EError.ShortAuthenticationRefused"/>), or a
    /// second answer (<see cref="E2EError.ShortAuthenticationRepeated"/>).</exception>
    public ShortAuthenticationString Reveal(ReadOnlySpan<byte> answer, out byte[] reveal)
    {
        ShortAuthenticationTranscript.Once(ref _isDone);
        ReadOnlySpan<byte> peerNonce = ShortAuthenticationTranscript.Read(ShortAuthenticationTranscript.AnswerType, answer);
        if (ConstantTime.AreEqual(peerNonce, _nonce))
        {
            throw new E2EException(E2EError.ShortAuthenticationRefused);
        }

        reveal = ShortAuthenticationTranscript.Message(ShortAuthenticationTranscript.RevealType, _nonce);
        return _transcript.Derive(_nonce, peerNonce);
    }
}
