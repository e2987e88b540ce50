using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Verification;

/// <summary>What both sides of a comparison by voice hash: who they are, under which account keys, in which call.</summary>
/// <remarks>The commitment is a hash, which hides a nonce of 32 random bytes and binds both account keys beside it: neither a nonce nor
/// a key can be chosen once the peer's nonce is known.</remarks>
internal sealed class ShortAuthenticationTranscript
{
    public const byte CommitmentType = 1;
    public const byte AnswerType = 2;
    public const byte RevealType = 3;
    public const int MaxContext = 255;

    private const byte Version = 1;
    private const int NonceSize = 32;

    private readonly byte[] _parties;

    public ShortAuthenticationTranscript(AccountIdentity initiator, AccountIdentity responder, ReadOnlySpan<byte> context)
    {
        AccountIdentity.AreTwo(initiator, responder);
        if (context.Length > MaxContext)
        {
            throw new ArgumentException($"At most {MaxContext} bytes.", nameof(context));
        }

        var writer = new SpanWriter(stackalloc byte[(2 * (2 + DeviceAddress.MaxIdSize + Ed25519PublicKey.KeySize)) + 2 + MaxContext]);
        writer.WriteText16(initiator.UserId);
        writer.WriteBytes(initiator.AccountKey.Span);
        writer.WriteText16(responder.UserId);
        writer.WriteBytes(responder.AccountKey.Span);
        writer.WriteField16(context);
        _parties = writer.WrittenSpan.ToArray();
    }

    private static ReadOnlySpan<byte> CommitmentLabel => "PulseMeet-E2E v1 short authentication commitment"u8;

    private static ReadOnlySpan<byte> StringLabel => "PulseMeet-E2E v1 short authentication string"u8;

    public static byte[] NewNonce()
    {
        byte[] nonce = new byte[NonceSize];
        Randomness.Fill(nonce);
        return nonce;
    }

    public static byte[] Message(byte type, ReadOnlySpan<byte> content) => [Version, type, .. content];

    /// <exception cref="E2EException">Another version (<see cref="E2EError.UnsupportedVersion"/>), another message, or of another
    /// length (<see cref="E2EError.InvalidEncoding"/>).</exception>
    public static ReadOnlySpan<byte> Read(byte type, ReadOnlySpan<byte> message)
    {
        var reader = new SpanReader(message);
        reader.ExpectVersion(Version);
        if (reader.ReadByte() != type)
        {
            throw new E2EException(E2EError.InvalidEncoding, "Not the message that comes next.");
        }

        ReadOnlySpan<byte> content = reader.ReadBytes(NonceSize);
        reader.ExpectEnd();
        return content;
    }

    /// <exception cref="E2EException">It was done before (<see cref="E2EError.ShortAuthenticationRepeated"/>).</exception>
    public static void Once(ref bool isDone)
    {
        if (isDone)
        {
            throw new E2EException(E2EError.ShortAuthenticationRepeated);
        }

        isDone = true;
    }

    public byte[] Commit(ReadOnlySpan<byte> nonce) => Sha256.Hash(LabelledContent.Of(CommitmentLabel, [.. nonce, .. _parties]));

    public ShortAuthenticationString Derive(ReadOnlySpan<byte> initiatorNonce, ReadOnlySpan<byte> responderNonce)
    {
        Span<byte> bits = stackalloc byte[ShortAuthenticationString.Size];
        Hkdf.DeriveKey([.. initiatorNonce, .. responderNonce], default, LabelledContent.Of(StringLabel, _parties), bits);
        return new ShortAuthenticationString(bits);
    }
}
