namespace PulseMeet.E2E.Relay;

/// <summary>How a call of a relay over a database waits: it looks, and looks again once it is woken, or after a while.</summary>
/// <param name="waiters">Who wakes it.</param>
/// <param name="poll">After how long it looks anyway, in real time: another process may have put something. Asked before each wait.</param>
/// <param name="time">The relay's clock, which the caller's time is measured on.</param>
internal sealed class LongPoll(Waiters waiters, Func<TimeSpan> poll, TimeProvider time)
{
    /// <summary>A page of the mailbox: at once where there is something, or when something comes; an empty one after the time.</summary>
    /// <param name="request">A checked request.</param>
    /// <param name="look">Gives the mailbox's topic and what is in it now.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<MailboxPage> ReceiveAsync(
        MailboxRequest request, Func<Task<(Topic Mailbox, MailboxPage Page)>> look, CancellationToken cancellationToken) => LookAsync(
        request.Wait,
        look,
        page => page.Items.Count > 0,
        (page, signals) => page with { Items = [.. signals.Take(request.Max)] },
        cancellationToken);

    /// <summary>The answer to a linking request: at once where it is there, or when it comes; null after the time.</summary>
    /// <param name="wait">How long to wait for it.</param>
    /// <param name="look">Gives the answers' topic and the answer that is there now.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<byte[]?> GetAnswerAsync(
        TimeSpan wait, Func<Task<(Topic Answers, byte[]? Answer)>> look, CancellationToken cancellationToken) => LookAsync(
        wait, look, answer => answer is not null, (answer, _) => answer, cancellationToken);

    private async Task<T> LookAsync<T>(
        TimeSpan wait,
        Func<Task<(Topic Topic, T Seen)>> look,
        Func<T, bool> isThere,
        Func<T, IReadOnlyList<MailboxItem>, T> withSignals,
        CancellationToken cancellationToken)
    {
        (Topic topic, T seen) = await look().ConfigureAwait(false);
        if (isThere(seen) || wait == TimeSpan.Zero)
        {
            return seen;
        }

        TimeSpan pause = poll();
        using Waiter waiter = waiters.Add(topic);
        long begun = time.GetTimestamp();
        while (true)
        {
            (_, seen) = await look().ConfigureAwait(false);
            TimeSpan left = wait - time.GetElapsedTime(begun);
            if (isThere(seen) || left <= TimeSpan.Zero)
            {
                return seen;
            }

            IReadOnlyList<MailboxItem> signals = await waiter.WaitAsync(left, pause, time, cancellationToken).ConfigureAwait(false);
            if (signals.Count > 0)
            {
                return withSignals(seen, signals);
            }

            pause = poll();
        }
    }
}
