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

    private (Scope Scope, Task<SealedPage?> Page)? _ahead;

    public async Task<MessageMigrationReport> RunAsync(CancellationToken cancellationToken)
    {
        Dictionary<string, Guid> cursors =
            await MessageStore.CursorsAsync(connection, user, cancellationToken).ConfigureAwait(false);
        List<Guid> pulses = await MessageStore.PulsesAsync(connection, cancellationToken).ConfigureAwait(false);
        Scope[] scopes =
        [
            new(MessageStore.DirectScope, null, cursors.GetValueOrDefault(MessageStore.DirectScope)),
            .. pulses.Select(pulse => pulse.ToString("D")).Zip(
                pulses, (name, pulse) => new Scope(name, pulse, cursors.GetValueOrDefault(name))),
        ];
        MessageMigrationOutcome outcome = MessageMigrationOutcome.Completed;
        try
        {
            for (int i = 0; i < scopes.Length && outcome == MessageMigrationOutcome.Completed; i++)
            {
                outcome = await ScopeAsync(
                    scopes[i], readsAhead && i + 1 < scopes.Length ? scopes[i + 1] : null, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            await EndedAsync(_ahead?.Page).ConfigureAwait(false);
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

    /// <param name="scope">Gone through to its end.</param>
    /// <param name="following">Whose first page is made ready while the last one of this scope is written; null for none.</param>
    /// <param name="cancellationToken">Stops.</param>
    private async Task<MessageMigrationOutcome> ScopeAsync(Scope scope, Scope? following, CancellationToken cancellationToken)
    {
        // What stays as it was is counted once: by the first pass from where it began, by the second up to there.
        Guid begin = scope.Begin;
        bool hasCursor = begin != Guid.Empty;
        for (int pass = 0; pass < MaxPasses; pass++)
        {
            long taken = tally.TakenByOthers;
            Guid upTo = pass switch { 0 => Guid.AllBitsSet, 1 => begin, _ => Guid.Empty };
            (MessageMigrationOutcome outcome, bool? keptCursor) = await PassAsync(
                scope, pass == 0 ? begin : Guid.Empty, upTo, following, cancellationToken).ConfigureAwait(false);
            hasCursor = keptCursor ?? hasCursor;
            if (hasCursor && outcome != MessageMigrationOutcome.TimedOut)
            {
                await MessageStore.ForgetCursorAsync(connection, user, scope.Name, cancellationToken).ConfigureAwait(false);
                hasCursor = false;
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

    /// <returns>How it ended, and whether the last page that was written left a place behind: null where none was written.</returns>
    private async Task<(MessageMigrationOutcome Outcome, bool? KeptCursor)> PassAsync(
        Scope scope, Guid from, Guid countUpTo, Scope? following, CancellationToken cancellationToken)
    {
        bool? keptCursor = null;
        Task<SealedPage?> next = Task.FromResult<SealedPage?>(null);
        try
        {
            if (tally.Elapsed >= options.Timeout)
            {
                return (MessageMigrationOutcome.TimedOut, keptCursor);
            }

            next = await TakeAheadAsync(scope, from).ConfigureAwait(false) ?? pages.NextAsync(scope.Pulse, from, cancellationToken);
            while (await next.ConfigureAwait(false) is { } page)
            {
                if (page.IsLast)
                {
                    next = Task.FromResult<SealedPage?>(null);
                    if (following is not null && _ahead is null)
                    {
                        _ahead = (following, Task.Run(
                            () => pages.NextAsync(following.Pulse, following.Begin, cancellationToken), cancellationToken));
                    }
                }
                else if (readsAhead)
                {
                    next = Task.Run(() => pages.NextAsync(scope.Pulse, page.Last, cancellationToken), cancellationToken);
                }

                await WriteAsync(scope.Name, page, countUpTo, cancellationToken).ConfigureAwait(false);
                keptCursor = !page.IsLast;
                progress?.Report(tally.Snapshot());
                if (tally.Looked >= 100 && tally.FailsAbove(options.MaxFailureRate))
                {
                    return (MessageMigrationOutcome.TooManyFailures, keptCursor);
                }

                if (tally.Elapsed >= options.Timeout)
                {
                    return (MessageMigrationOutcome.TimedOut, keptCursor);
                }

                if (!readsAhead && !page.IsLast)
                {
                    next = pages.NextAsync(scope.Pulse, page.Last, cancellationToken);
                }
            }

            return (MessageMigrationOutcome.Completed, keptCursor);
        }
        finally
        {
            await EndedAsync(next).ConfigureAwait(false);
        }
    }

    /// <summary>The page that was made ready ahead, where it is the one that is asked for; else it is let go, once it has ended.</summary>
    private async Task<Task<SealedPage?>?> TakeAheadAsync(Scope scope, Guid from)
    {
        if (_ahead is not (var ofScope, var page))
        {
            return null;
        }

        _ahead = null;
        if (ofScope == scope && from == scope.Begin)
        {
            return page;
        }

        await EndedAsync(page).ConfigureAwait(false);
        return null;
    }

    /// <summary>A page that is being made ready uses the other connection and the archives: it ends first.</summary>
    private static Task EndedAsync(Task? page) => page is null ? Task.CompletedTask : page.ContinueWith(
        _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private async Task WriteAsync(string scope, SealedPage page, Guid countUpTo, CancellationToken cancellationToken)
    {
        HashSet<Guid> written =
            await MessageStore.WriteAsync(connection, user, scope, page, backupKeyId, cancellationToken).ConfigureAwait(false);
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

    /// <summary>Conversations that are gone through in one row of pages.</summary>
    /// <param name="Name">The name under which the place is kept.</param>
    /// <param name="Pulse">Null for all direct conversations.</param>
    /// <param name="Begin">The place that an earlier run got to.</param>
    private sealed record Scope(string Name, Guid? Pulse, Guid Begin);
}
