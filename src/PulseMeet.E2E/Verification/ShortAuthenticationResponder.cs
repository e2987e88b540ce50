using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Verification;

/// <summary>The side that answers a comparison by voice: takes the commitment, sends its answer (<see cref="Answer"/>), and checks what is
/// revealed.</summary>
/// <remarks>As <see cref="ShortAuthenticationInitiator"/>. Not thread-safe.</remarks>
public sealed class ShortAuthenticationResponder
{
    private readonly ShortAuthenticationTranscript _transcript;
    private readonly byte[] _commitment;
    private readonly byte[] _nonce;
    private bool _isDone;

    /// <param name="own">One's own account.</param>
    /// <param name="peer">The peer's account, as it is known here.</param>
    /// <param name="context">What names the call, the same on both sides. 0 to 255 bytes.</param>
    /// <param name="commitment">The first message, <see cref="ShortAuthenticationInitiator.Commit"/>.</param>
    /// <exception cref="ArgumentException">Both are the same user, or the context is too long.</exception>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), or another version
    /// (<see cref="E2EError.UnsupportedVersion"/>).</exception>
    public ShortAuthenticationResponder(
        AccountIdentity own, AccountIdentity peer, ReadOnlySpan<byte> context, ReadOnlySpan<byte> commitment)
        : this(own, peer, context, commitment, ShortAuthenticationTranscript.NewNonce())
    {
    }

    internal ShortAuthenticationResponder(
        AccountIdentity own, AccountIdentity peer, ReadOnlySpan<byte> context, ReadOnlySpan<byte> commitment, byte[] nonce)
    {
        _commitment = ShortAuthenticationTranscript.Read(ShortAuthenticationTranscript.CommitmentType, commitment).ToArray();
        _transcript = new ShortAuthenticationTranscript(peer, own, context);
        _nonce = nonce;
    }

    /// <summary>The second message, 34 bytes.</summary>
    public byte[] Answer() => ShortAuthenticationTranscript.Message(ShortAuthenticationTranscript.AnswerType, _nonce);

    /// <summary>Takes what the initiator reveals, once.</summary>
    /// <param name="reveal">The third message.</param>
    /// <returns>What both people read to each other.</returns>
    /// <exception cref="E2EException">Malformed (<see cref="E2EError.InvalidEncoding"/>), another version
    /// (<see cref="E2EError.UnsupportedVersion"/>), not what was committed to, or committed to for other account keys or another call
    /// (<see cref="E2EError.ShortAuthenticationRefused"/>), or a second attempt
    /// (<see cref="E2EError.ShortAuthenticationRepeated"/>).</exception>
    public ShortAuthenticationString Finish(ReadOnlySpan<byte> reveal)
    {
        ShortAuthenticationTranscript.Once(ref _isDone);
        ReadOnlySpan<byte> peerNonce = ShortAuthenticationTranscript.Read(ShortAuthenticationTranscript.RevealType, reveal);
        if (!ConstantTime.AreEqual(_transcript.Commit(peerNonce), _commitment))
        {
            throw new E2EException(E2EError.ShortAuthenticationRefused);
        }

        return _transcript.Derive(peerNonce, _nonce);
    }
}
