using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>A message sealed anew and verified, with its sealed original: ready to be written, or the reason why not.</summary>
internal sealed record ResealedMessage(
    MessageRow Row, string Content, byte[] Backup, LegacyProtection Protection, E2EError Failure)
{
    public static ResealedMessage Make(
        MessageRow row, ConversationArchive archive, ArchiveKey backupKey, IMessageSealer sealer)
    {
        try
        {
            LegacyPlaintext plaintext =
                LegacyMessage.Parse(row.Content, row.Metadata, row.IsEncrypted).Open(archive.Candidates);
            if (archive.ArchiveKeys.Count == 0)
            {
                return new(row, string.Empty, [], default, E2EError.InvalidPublicKey);
            }

            var original = new MessageOriginal(row.Table, row.Id, row.Content, row.Metadata, row.IsEncrypted, row.KeyVersion);
            return new(
                row,
                ArchivedMessage.Seal(archive.ArchiveKeys[0], sealer, row.Context, plaintext),
                original.Seal(backupKey, row.Conversation),
                plaintext.Protection,
                E2EError.None);
        }
        catch (E2EException exception)
        {
            return new(row, string.Empty, [], default, exception.Reason);
        }
    }

    /// <summary>The row, never the content.</summary>
    public override string ToString() => $"{nameof(ResealedMessage)} ({Row.Table} {Row.Id})";
}
