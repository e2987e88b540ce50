using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <summary>Names an envelope, and shows the device with the right keys that it was sealed for those.</summary>
/// <remarks>A device that comes back under its name finds in its mailbox what was sealed for the one before: it has to tell that, which is
/// nobody's loss, from a session of its own that does not open. Random, but for a tag of the recipient's identity key; 12 random bytes do not
/// repeat within a mailbox. docs/protocol-messaging.md, "Envelope".</remarks>
internal static class EnvelopeId
{
    private const int RandomSize = 12;

    private static ReadOnlySpan<byte> Label => "PulseMeet-E2E v1 envelope id"u8;

    /// <summary>A new id.</summary>
    /// <param name="recipient">The identity key that the envelope is sealed for.</param>
    public static MessageId New(X25519PublicKey recipient)
    {
        Span<byte> id = stackalloc byte[SealedEnvelope.IdSize];
        Randomness.Fill(id[..RandomSize]);
        WriteTag(id[..RandomSize], recipient, id[RandomSize..]);
        return new MessageId(id);
    }

    /// <summary>Whether an id is of an envelope for a device with this identity key; of any other, one in 2^32 looks so.</summary>
    public static bool IsFor(MessageId id, X25519PublicKey recipient)
    {
        ReadOnlySpan<byte> bytes = id.ToArray();
        Span<byte> tag = stackalloc byte[SealedEnvelope.IdSize - RandomSize];
        WriteTag(bytes[..RandomSize], recipient, tag);
        return PublicBytes.Equal(bytes[RandomSize..], tag);
    }

    private static void WriteTag(ReadOnlySpan<byte> random, X25519PublicKey recipient, Span<byte> tag)
    {
        Span<byte> content = stackalloc byte[RandomSize + X25519PublicKey.KeySize];
        random.CopyTo(content);
        recipient.Span.CopyTo(content[RandomSize..]);
        Sha256.Hash(LabelledContent.Of(Label, content)).AsSpan(0, tag.Length).CopyTo(tag);
    }
}
