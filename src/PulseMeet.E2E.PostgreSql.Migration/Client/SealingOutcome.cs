using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>What came of one message: sealed anew, left for keys that somebody has yet to publish, or unreadable.</summary>
internal abstract record SealingOutcome(MessageRow Row)
{
    public static SealingOutcome Of(MessageRow row, ConversationArchive archive, ArchiveKey backupKey, IMessageSealer sealer)
    {
        if (row.Content is null)
        {
            return new Unreadable(row, E2EError.LimitExceeded);
        }

        try
        {
            LegacyPlaintext plaintext = archive.OpenLegacy(row.Content, row.Metadata, row.IsEncrypted);
            if (archive.Obstacle == SealingObstacle.OwnKeyNotListed)
            {
                return new Unreadable(row, E2EError.InvalidPublicKey);
            }

            if (archive.Obstacle != SealingObstacle.None)
            {
                return new LeftForKeys(row);
            }

            var original = new MessageOriginal(row.Table, row.Id, row.Content, row.Metadata, row.IsEncrypted, row.KeyVersion);
            return new Resealed(
                row,
                ArchivedMessage.Seal(archive.ArchiveKeys[0], sealer, row.Context, plaintext),
                original.Seal(backupKey, row.Conversation),
                plaintext.Protection);
        }
        catch (E2EException exception) when (exception.Reason == E2EError.NoKeyFits
            && archive.Obstacle is SealingObstacle.PeerWithoutKey or SealingObstacle.NoPulseKey)
        {
            // Without the peer's public key, or the pulse's key, nobody can tell whether the message is readable.
            return new LeftForKeys(row);
        }
        catch (E2EException exception)
        {
            return new Unreadable(row, exception.Reason);
        }
        catch (ArgumentException)
        {
            // Whatever else a row holds stops nobody.
            return new Unreadable(row, E2EError.InvalidEncoding);
        }
    }
}

/// <summary>Sealed and verified, with its sealed original: ready to be written.</summary>
internal sealed record Resealed(MessageRow Row, string Content, byte[] Backup, LegacyProtection Protection) : SealingOutcome(Row)
{
    /// <summary>The row, never the content.</summary>
    public override string ToString() => $"{nameof(Resealed)} ({Row.Table} {Row.Id})";
}

internal sealed record LeftForKeys(MessageRow Row) : SealingOutcome(Row);

internal sealed record Unreadable(MessageRow Row, E2EError Reason) : SealingOutcome(Row);
