using Npgsql;

namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>One run of one user's message migration: page by page, each batch one transaction with the place it got to.</summary>
internal sealed class MessageMigrationRun(
    NpgsqlConnection connection,
    SealedPages pages,
    Guid user,
    Guid backupKeyId,
    bool readsAhead,
    MessageMigrationOptions options,
    MessageTally tally,
    IProgress<MessageMigrationProgress>? progress)
{
    /// <summary>Times a scope is gone through again for messages that others held.</summary>
    private const int MaxPasses = 5;

    public async Task<MessageMigrationReport> RunAsync(CancellationToken cancellationToken)
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

    private async Task<MessageMigrationOutcome> ScopeAsync(string scope, Guid? pulse, CancellationToken cancellationToken)
    {
        // What stays as it was is counted once: by the first pass from where it began, by the second up to there.
        Guid begin = await MessageStore.CursorAsync(connection, user, scope, cancellationToken).ConfigureAwait(false);
        for (int pass = 0; pass < MaxPasses; pass++)
        {
            long taken = tally.TakenByOthers;
            Guid upTo = pass switch { 0 => Guid.AllBitsSet, 1 => begin, _ => Guid.Empty };
            MessageMigrationOutcome outcome = await PassAsync(
                scope, pulse, pass == 0 ? begin : Guid.Empty, upTo, cancellationToken).ConfigureAwait(false);
            if (outcome != MessageMigrationOutcome.TimedOut)
            {
                await MessageStore.ForgetCursorAsync(connection, user, scope, cancellationToken).ConfigureAwait(false);
            }

            if (outcome != MessageMigrationOutcome.Completed)
            {
                return outcome;
            }

            if (tally.TakenByOthers == taken && (pass > 0 || begin == Guid.Empty))
            {
                break;
            }
        }

        return MessageMigrationOutcome.Completed;
    }

    private async Task<MessageMigrationOutcome> PassAsync(
        string scope, Guid? pulse, Guid from, Guid countUpTo, CancellationToken cancellationToken)
    {
        Task<SealedPage?> next = Task.FromResult<SealedPage?>(null);
        try
        {
            if (tally.Elapsed >= options.Timeout)
            {
                return MessageMigrationOutcome.TimedOut;
            }

            next = pages.NextAsync(pulse, from, cancellationToken);
            while (await next.ConfigureAwait(false) is { } page)
            {
                if (readsAhead)
                {
                    next = Task.Run(() => pages.NextAsync(pulse, page.Last, cancellationToken), cancellationToken);
                }

                await WriteAsync(scope, page, countUpTo, cancellationToken).ConfigureAwait(false);
                progress?.Report(tally.Snapshot());
                if (tally.Looked >= 100 && tally.FailsAbove(options.MaxFailureRate))
                {
                    return MessageMigrationOutcome.TooManyFailures;
                }

                if (tally.Elapsed >= options.Timeout)
                {
                    return MessageMigrationOutcome.TimedOut;
                }

                if (!readsAhead)
                {
                    next = pages.NextAsync(pulse, page.Last, cancellationToken);
                }
            }

            return MessageMigrationOutcome.Completed;
        }
        finally
        {
            // The page that was being made ready uses the other connection and the archives: it ends first.
            await next.ContinueWith(
                _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)
                .ConfigureAwait(false);
        }
    }

    private async Task WriteAsync(string scope, SealedPage page, Guid countUpTo, CancellationToken cancellationToken)
    {
        List<Resealed> ready = [.. page.Outcomes.OfType<Resealed>()];
        await using NpgsqlTransaction transaction =
            await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        HashSet<Guid> written = await MessageStore.ResealAsync(
            connection, backupKeyId, ready, page.ArchiveSource, cancellationToken).ConfigureAwait(false);
        await MessageStore.SaveCursorAsync(connection, user, scope, page.Last, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        MessageMigrationProgress before = tally.Counts;
        foreach (SealingOutcome outcome in page.Outcomes)
        {
            Count(outcome, written, outcome.Row.Id.CompareTo(countUpTo) <= 0);
        }

        tally.Emit(before);
    }

    private void Count(SealingOutcome outcome, HashSet<Guid> written, bool countUnsealed)
    {
        if (outcome is Resealed resealed)
        {
            tally.Looked++;
            if (written.Contains(outcome.Row.Id))
            {
                tally.Written(resealed.Protection);
            }
            else
            {
                tally.TakenByOthers++;
            }
        }
        else if (countUnsealed)
        {
            tally.Looked++;
            if (outcome is LeftForKeys)
            {
                tally.LeftForKeys++;
            }
            else if (outcome is Unreadable { Reason: E2EError.NoKeyFits, Row.Table: MessageRow.Chat } && outcome.Row.Sender != user)
            {
                tally.LeftToAuthor++;
            }
            else if (outcome is Unreadable unreadable)
            {
                tally.Unread(outcome.Row, unreadable.Reason);
            }
        }
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
        cancellationToken, user);
}
