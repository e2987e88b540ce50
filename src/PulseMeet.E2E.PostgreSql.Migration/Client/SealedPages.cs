using Npgsql;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>Reads pages of messages and seals them anew, over a connection of its own, so that the next page is made ready while
/// the one before is being written.</summary>
internal sealed class SealedPages(
    NpgsqlConnection connection, ArchiveOpener opener, UserKeys user, ArchiveKey backupKey, IMessageSealer sealer, int limit)
    : IDisposable
{
    /// <summary>Conversations whose keys are kept at a time.</summary>
    private const int MaxArchives = 64;

    private readonly Dictionary<string, ConversationArchive> _archives = [];

    /// <returns>Null where there are no more messages after <paramref name="after"/>.</returns>
    public async Task<SealedPage?> NextAsync(Guid? pulse, Guid after, CancellationToken cancellationToken)
    {
        (List<MessageRow> rows, bool isLast) = pulse is { } id
            ? await MessageStore.ChatPageAsync(connection, id, after, limit, cancellationToken).ConfigureAwait(false)
            : await MessageStore.DirectPageAsync(connection, user.UserId, after, limit, cancellationToken).ConfigureAwait(false);
        if (rows.Count == 0)
        {
            return null;
        }

        if (_archives.Count > MaxArchives)
        {
            Dispose();
        }

        ConversationArchive[] archives = new ConversationArchive[rows.Count];
        for (int i = 0; i < rows.Count; i++)
        {
            archives[i] = await ArchiveAsync(rows[i], cancellationToken).ConfigureAwait(false);
        }

        SealingOutcome[] outcomes = new SealingOutcome[rows.Count];
        Parallel.For(0, rows.Count, new ParallelOptions { CancellationToken = cancellationToken },
            i => outcomes[i] = SealingOutcome.Of(rows[i], archives[i], backupKey, sealer));
        return new(outcomes, archives[0].ArchiveSource, rows[^1].Id, isLast);
    }

    public void Dispose()
    {
        foreach (ConversationArchive archive in _archives.Values)
        {
            archive.Dispose();
        }

        _archives.Clear();
    }

    private async Task<ConversationArchive> ArchiveAsync(MessageRow row, CancellationToken cancellationToken)
    {
        if (!_archives.TryGetValue(row.Conversation, out ConversationArchive? archive))
        {
            archive = row.Table == MessageRow.Chat
                ? await opener.OpenPulseAsync(row.Place, cancellationToken).ConfigureAwait(false)
                : await opener.OpenDirectAsync(row.Sender == user.UserId ? row.Place : row.Sender, cancellationToken)
                    .ConfigureAwait(false);
            _archives.Add(row.Conversation, archive);
        }

        return archive;
    }
}

/// <summary>A page of messages, sealed anew as far as they can be.</summary>
/// <param name="Outcomes">One for each message.</param>
/// <param name="ArchiveSource">The key row behind a pulse's archive key.</param>
/// <param name="Last">The last message's id, from which the next page goes on.</param>
/// <param name="IsLast">Whether there are no more messages after it.</param>
internal sealed record SealedPage(SealingOutcome[] Outcomes, Guid? ArchiveSource, Guid Last, bool IsLast);
