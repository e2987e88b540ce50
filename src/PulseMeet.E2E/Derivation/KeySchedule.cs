using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Primitives;

namespace PulseMeet.E2E.Derivation;

/// <summary>The info strings of the current key schedule: a fixed label, then length-prefixed fields.</summary>
/// <remarks>docs/protocol.md, "Key schedule". Every field stands behind its two-byte length and the label comes first, so
/// that no two sets of fields give the same string.</remarks>
internal static class KeySchedule
{
    /// <summary>The longest field: an identifier of at most 255 bytes, or a key.</summary>
    public const int MaxFieldSize = 255;

    public static ReadOnlySpan<byte> ConversationLabel => "PulseMeet-E2E v2 conversation key"u8;

    public static ReadOnlySpan<byte> MediaLabel => "PulseMeet-E2E v2 media key"u8;

    public static ReadOnlySpan<byte> AuthenticationLabel => "PulseMeet-E2E v2 authentication key"u8;

    public static ReadOnlySpan<byte> ArchiveLabel => "PulseMeet-E2E v2 archive key"u8;

    public static ReadOnlySpan<byte> SharedArchiveLabel => "PulseMeet-E2E v2 shared archive key"u8;

    public static ReadOnlySpan<byte> MediaFileLabel => "PulseMeet-E2E v2 media file key"u8;

    public static ReadOnlySpan<byte> DeviceLabel => "PulseMeet-E2E v2 device key"u8;

    public static ReadOnlySpan<byte> BackupLabel => "PulseMeet-E2E v2 backup key"u8;

    /// <summary>The longest info string: a label, two public keys, a kind, an id and an epoch, with their lengths.</summary>
    private const int MaxInfoSize = 512;

    /// <summary>Expands the agreed secret under the purpose's label and the whole context of the conversation.</summary>
    public static SecretBytes ExpandConversation(
        ReadOnlySpan<byte> prk,
        ReadOnlySpan<byte> label,
        ReadOnlySpan<byte> ownPublicKey,
        ReadOnlySpan<byte> peerPublicKey,
        ConversationContext context)
    {
        // Ordered by their bytes, so that both parties write the same string.
        bool ownFirst = PublicBytes.Compare(ownPublicKey, peerPublicKey) <= 0;
        var writer = new SpanWriter(stackalloc byte[MaxInfoSize]);
        writer.WriteField16(label);
        writer.WriteField16(ownFirst ? ownPublicKey : peerPublicKey);
        writer.WriteField16(ownFirst ? peerPublicKey : ownPublicKey);
        WriteContext(ref writer, context);
        return Expand(prk, writer.WrittenSpan);
    }

    /// <summary>Expands a secret that all members of a conversation hold.</summary>
    public static SecretBytes ExpandShared(ReadOnlySpan<byte> prk, ReadOnlySpan<byte> label, ConversationContext context)
    {
        var writer = new SpanWriter(stackalloc byte[MaxInfoSize]);
        writer.WriteField16(label);
        WriteContext(ref writer, context);
        return Expand(prk, writer.WrittenSpan);
    }

    /// <summary>Expands a secret under a label and one or two identifiers.</summary>
    public static SecretBytes ExpandNamed(ReadOnlySpan<byte> prk, ReadOnlySpan<byte> label, string first, string? second = null)
    {
        var writer = new SpanWriter(stackalloc byte[MaxInfoSize + MaxFieldSize]);
        writer.WriteField16(label);
        writer.WriteText16(first);
        if (second is not null)
        {
            writer.WriteText16(second);
        }

        return Expand(prk, writer.WrittenSpan);
    }

    private static void WriteContext(ref SpanWriter writer, ConversationContext context)
    {
        writer.WriteUInt16(1);
        writer.WriteByte((byte)context.Kind);
        writer.WriteText16(context.Id);
        writer.WriteUInt16(8);
        writer.WriteUInt64(context.Epoch);
    }

    private static SecretBytes Expand(ReadOnlySpan<byte> prk, ReadOnlySpan<byte> info)
    {
        var key = new SecretBytes(32);
        using SecretScope bytes = key.Use();
        Hkdf.Expand(prk, info, bytes.Span);
        return key;
    }
}
