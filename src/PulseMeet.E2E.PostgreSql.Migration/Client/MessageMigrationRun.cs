using Npgsql;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>One run of one user's message migration: page by page, each batch one transaction with the place it got to.</summary>
internal sealed class MessageMigrationRun(
    NpgsqlConnection connection,
    UserKeys user,
    Func<MessageRow, CancellationToken, Task<ConversationArchive>> openArchive,
    Guid backupKeyId,
    ArchiveKey backupKey,
    IMessageSealer sealer,
    MessageMigrationOptions options,
    MessageTally tally,
    IProgress<MessageMigrationProgress>? progress)
{
    /// <summary>Conversations whose keys are kept at a time.</summary>
    private const int MaxArchives = 64;

    /// <summary>Times a scope is gone through again for messages that others held.</summary>
    private const int MaxPasses = 5;

    private readonly Dictionary<string, ConversationArchive> _archives = [];

    public async Task<MessageMigrationReport> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            MessageMigrationOutcome outcome = await ScopeAsync(MessageStore.DirectScope, null, cancellationToken).ConfigureAwait(false);
            foreach (Guid pulse in await MessageStore.PulsesAsync(connection, cancellationToken).ConfigureAwait(false))
            {
                if (outcome != MessageMigrationOutcome.Completed)
                {
                    break;
                }

                outcome = await ScopeAsync(pulse.ToString("D"), pulse, cancellationToken).ConfigureAwait(false);
            }

            if (outcome == MessageMigrationOutcome.Completed)
            {
                if (tally.FailsAbove(options.MaxFailureRate))
                {
                    outcome = MessageMigrationOutcome.TooManyFailures;
                }
                else
                {
                    await CloseToLegacyAsync(cancellationToken).ConfigureAwait(false);
                }
            }

            return new(outcome, tally.Snapshot(), tally.Unreadable);
        }
        finally
        {
            ForgetArchives();
        }
    }

    private async Task<MessageMigrationOutcome> ScopeAsync(string scope, Guid? pulse, CancellationToken cancellationToken)
    {
        for (int pass = 0; pass < MaxPasses; pass++)
        {
            long taken = tally.TakenByOthers;
            Guid last = await MessageStore.CursorAsync(connection, user.UserId, scope, cancellationToken).ConfigureAwait(false);
            bool resumed = last != Guid.Empty;
            while (true)
            {
                if (tally.Elapsed >= options.Timeout)
                {
                    return MessageMigrationOutcome.TimedOut;
                }

                List<MessageRow> page = pulse is { } id
                    ? await MessageStore.ChatPageAsync(connection, id, last, options.BatchSize, cancellationToken).ConfigureAwait(false)
                    : await MessageStore.DirectPageAsync(connection, user.UserId, last, options.BatchSize, cancellationToken).ConfigureAwait(false);
                if (page.Count == 0)
                {
                    break;
                }

                last = page[^1].Id;
                await BatchAsync(scope, page, last, countFailures: pass == 0, cancellationToken).ConfigureAwait(false);
                progress?.Report(tally.Snapshot());
                if (tally.Looked >= 100 && tally.FailsAbove(options.MaxFailureRate))
                {
                    await MessageStore.ForgetCursorAsync(connection, user.UserId, scope, cancellationToken).ConfigureAwait(false);
                    return MessageMigrationOutcome.TooManyFailures;
                }
            }

            await MessageStore.ForgetCursorAsync(connection, user.UserId, scope, cancellationToken).ConfigureAwait(false);
            if (tally.TakenByOthers == taken && !resumed)
            {
                break;
            }
        }

        return MessageMigrationOutcome.Completed;
    }

    private async Task BatchAsync(
        string scope, List<MessageRow> page, Guid last, bool countFailures, CancellationToken cancellationToken)
    {
        ConversationArchive[] archives = new ConversationArchive[page.Count];
        for (int i = 0; i < page.Count; i++)
        {
            archives[i] = await ArchiveAsync(page[i], cancellationToken).ConfigureAwait(false);
        }

        ResealedMessage[] made = new ResealedMessage[page.Count];
        Parallel.For(0, page.Count, new ParallelOptions { CancellationToken = cancellationToken },
            i => made[i] = ResealedMessage.Make(page[i], archives[i], backupKey, sealer));
        List<ResealedMessage> ready = [.. made.Where(message => message.Failure == E2EError.None)];
        Guid? source = archives[0].ArchiveSource;

        await using NpgsqlTransaction transaction =
            await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        HashSet<Guid> written = await MessageStore.ResealAsync(connection, backupKeyId, ready, source, cancellationToken).ConfigureAwait(false);
        await MessageStore.SaveCursorAsync(connection, user.UserId, scope, last, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        Count(made, written, countFailures);
        if (_archives.Count > MaxArchives)
        {
            ForgetArchives();
        }
    }

    private void Count(ResealedMessage[] made, HashSet<Guid> written, bool countFailures)
    {
        foreach (ResealedMessage message in made)
        {
            if (message.Failure == E2EError.None)
            {
                tally.Looked++;
                if (written.Contains(message.Row.Id))
                {
                    tally.Written(message.Protection);
                }
                else
                {
                    tally.TakenByOthers++;
                }
            }
            else if (countFailures)
            {
                tally.Looked++;
                if (message.Failure == E2EError.NoKeyFits && message.Row.Table == MessageRow.Chat
                    && message.Row.Sender != user.UserId)
                {
                    tally.LeftToAuthor++;
                }
                else
                {
                    tally.Unread(message.Row, message.Failure);
                }
            }
        }
    }

    private async Task<ConversationArchive> ArchiveAsync(MessageRow row, CancellationToken cancellationToken)
    {
        if (!_archives.TryGetValue(row.Conversation, out ConversationArchive? archive))
        {
            archive = await openArchive(row, cancellationToken).ConfigureAwait(false);
            _archives.Add(row.Conversation, archive);
        }

        return archive;
    }

    private void ForgetArchives()
    {
        foreach (ConversationArchive archive in _archives.Values)
        {
            archive.Dispose();
        }

        _archives.Clear();
    }

    /// <summary>From now on a legacy message in these conversations is refused. What no key opened stays as it is.</summary>
    private Task<int> CloseToLegacyAsync(CancellationToken cancellationToken) => connection.RunAsync(
        """
        select public.e2e_mark_migrated(c) from (
          select public.e2e_direct_conversation($1, p.id) as c from (
            select distinct receiver_id as id from public.direct_messages where sender_id = $1
            union select distinct sender_id from public.direct_messages where receiver_id = $1) p
          union all select p::text from public.e2e_my_pulses() as p) as conversations
        """,
        cancellationToken, user.UserId);
}
