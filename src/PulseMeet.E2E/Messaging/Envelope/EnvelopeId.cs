using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Messaging;

/// <summary>Names an envelope, and shows which keys it was sealed for and by, where it does not open.</summary>
/// <remarks>A device that comes back under its name finds in its mailbox what was sealed for the one before, and others find what the one before
/// had written: neither is a session that has to be repaired. 12 random bytes, which do not repeat within a mailbox, and 2 of a tag of each
/// side's identity key. The relay may change it, and then nothing opens. docs/protocol-messaging.md, "Envelope".</remarks>
internal static class EnvelopeId
{
    private const int RandomSize = 12;
    private const int TagSize = 2;

    private static ReadOnlySpan<byte> RecipientLabel => "PulseMeet-E2E v1 envelope for"u8;

    private static ReadOnlySpan<byte> SenderLabel => "PulseMeet-E2E v1 envelope by"u8;

    /// <summary>A new id.</summary>
    /// <param name="sender">The identity key of the device that seals.</param>
    /// <param name="recipient">The identity key of the device that it is for.</param>
    public static MessageId New(X25519PublicKey sender, X25519PublicKey recipient)
    {
        Span<byte> random = stackalloc byte[RandomSize];
        Randomness.Fill(random);
        return Of(random, sender, recipient);
    }

    /// <summary>The id with given random bytes.</summary>
    public static MessageId Of(ReadOnlySpan<byte> random, X25519PublicKey sender, X25519PublicKey recipient)
    {
        Span<byte> id = stackalloc byte[SealedEnvelope.IdSize];
        random.CopyTo(id);
        Tag(RecipientLabel, id, recipient).CopyTo(id[RandomSize..]);
        Tag(SenderLabel, id, sender).CopyTo(id[(RandomSize + TagSize)..]);
        return new MessageId(id);
    }

    /// <summary>Whether an id is of an envelope for a device with this identity key. Of others, one in 65,536 looks so.</summary>
    public static bool IsFor(MessageId id, X25519PublicKey recipient) => Has(id, RandomSize, RecipientLabel, recipient);

    /// <summary>Whether an id is of an envelope by a device with this identity key. Of others, one in 65,536 looks so.</summary>
    public static bool IsBy(MessageId id, X25519PublicKey sender) => Has(id, RandomSize + TagSize, SenderLabel, sender);

    private static bool Has(MessageId id, int place, ReadOnlySpan<byte> label, X25519PublicKey key)
    {
        ReadOnlySpan<byte> bytes = id.ToArray();
        return PublicBytes.Equal(bytes.Slice(place, TagSize), Tag(label, bytes, key));
    }

    private static ReadOnlySpan<byte> Tag(ReadOnlySpan<byte> label, ReadOnlySpan<byte> id, X25519PublicKey key)
    {
        Span<byte> content = stackalloc byte[RandomSize + X25519PublicKey.KeySize];
        id[..RandomSize].CopyTo(content);
        key.Span.CopyTo(content[RandomSize..]);
        return Sha256.Hash(LabelledContent.Of(label, content)).AsSpan(0, TagSize);
    }
}
