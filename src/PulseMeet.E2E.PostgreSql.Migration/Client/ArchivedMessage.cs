using System.Security.Cryptography;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>A message that was re-sealed under its conversation's archive key. Its content is a legacy message's: what
/// protected it before the migration travels with it, and it is never to be shown as end-to-end authenticated.</summary>
/// <remarks>Sealed: a version byte (1), a byte for the former protection, the plaintext in UTF-8; conversation, sender,
/// recipient and message id are bound in. Immutable and thread-safe. docs/protocol-postgresql.md, "Archived message".</remarks>
public sealed class ArchivedMessage
{
    private const byte Version = 1;

    private ArchivedMessage(string content, LegacyProtection formerProtection)
    {
        Content = content;
        FormerProtection = formerProtection;
    }

    /// <summary>The whole plaintext, as the legacy client wrote it.</summary>
    public string Content { get; }

    /// <summary>What protected the message before its migration: the most that can be said about who wrote it.</summary>
    public LegacyProtection FormerProtection { get; }

    /// <summary>Opens a message row. A row in a legacy format is refused: once a conversation is migrated, nothing else is
    /// read there.</summary>
    /// <param name="keys">The conversation's archive keys; each is tried. Not disposed.</param>
    /// <param name="sealer">The message sealer.</param>
    /// <param name="context">Where the message belongs.</param>
    /// <param name="content">The column <c>content</c>.</param>
    /// <param name="keyVersion">The column <c>key_version</c>.</param>
    /// <exception cref="E2EException">A legacy format (<see cref="E2EError.UnsupportedVersion"/>), malformed
    /// (<see cref="E2EError.InvalidEncoding"/>), or under none of the keys or of another place
    /// (<see cref="E2EError.NotAuthentic"/>).</exception>
    public static ArchivedMessage Open(
        IEnumerable<ArchiveKey> keys, IMessageSealer sealer, MessageContext context, string content, int? keyVersion)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(sealer);
        ArgumentNullException.ThrowIfNull(content);
        if (keyVersion != MessageRow.ArchiveVersion)
        {
            throw new E2EException(E2EError.UnsupportedVersion, "A message in a legacy format.");
        }

        byte[] sealedMessage = new byte[((content.Length / 4) + 1) * 3];
        if (!Convert.TryFromBase64String(content, sealedMessage, out int length))
        {
            throw new E2EException(E2EError.InvalidEncoding, "An archived message.");
        }

        foreach (ArchiveKey key in keys)
        {
            try
            {
                return Decode(sealer.Open(key, sealedMessage.AsSpan(0, length), context));
            }
            catch (E2EException exception) when (exception.Reason == E2EError.NotAuthentic)
            {
                // The next key may fit.
            }
        }

        throw new E2EException(E2EError.NotAuthentic);
    }

    /// <summary>Nothing of the message.</summary>
    public override string ToString() => $"{nameof(ArchivedMessage)} ({FormerProtection})";

    /// <summary>Seals, and opens again before anything is written anywhere.</summary>
    internal static string Seal(ArchiveKey key, IMessageSealer sealer, MessageContext context, LegacyPlaintext plaintext)
    {
        int length = 2 + Utf8.GetByteCount(plaintext.Content);
        if (length > MessageSealer.MaxPlaintextSize)
        {
            throw new E2EException(E2EError.LimitExceeded, "A legacy message longer than any message may be.");
        }

        byte[] payload = new byte[length];
        payload[0] = Version;
        payload[1] = (byte)plaintext.Protection;
        Utf8.GetBytes(plaintext.Content, payload.AsSpan(2));
        byte[] sealedMessage = sealer.Seal(key, payload, context);
        byte[] opened = sealer.Open(key, sealedMessage, context);
        bool same = CryptographicOperations.FixedTimeEquals(opened, payload);
        CryptographicOperations.ZeroMemory(opened);
        CryptographicOperations.ZeroMemory(payload);
        return same ? Convert.ToBase64String(sealedMessage) : throw new E2EException(E2EError.NotAuthentic);
    }

    private static ArchivedMessage Decode(byte[] payload)
    {
        if (payload.Length < 2 || payload[1] > (byte)LegacyProtection.Encrypted)
        {
            throw new E2EException(E2EError.InvalidEncoding, "An archived message.");
        }

        if (payload[0] != Version)
        {
            throw new E2EException(E2EError.UnsupportedVersion);
        }

        return new(Utf8.GetString(payload.AsSpan(2)), (LegacyProtection)payload[1]);
    }
}
