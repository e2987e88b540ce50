using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Mls;
using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <content>The rounds in which chats go on by themselves.</content>
internal sealed partial class Pulses
{
    /// <summary>Wakes the pump where a round is due by time.</summary>
    public void WakeWhenDue()
    {
        DateTimeOffset now = _core.Time.GetUtcNow();
        if (_lastRun is not { } last || now - last >= s_runInterval || last > now)
        {
            _core.Outgoing.Wake();
        }
    }

    /// <summary>One round over all chats: takes what came, does what is due, seals and sends what waits.</summary>
    /// <returns>Whether nothing waits any more that could be done now.</returns>
    /// <exception cref="E2EException">The relay cannot be reached; or it refuses, or talks nonsense, about one of the chats, after the
    /// others had their turn.</exception>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        using IDisposable turn = await _core.Gates.EnterAsync([Gates.Pulses], cancellationToken).ConfigureAwait(false);
        _lastRun = _core.Time.GetUtcNow();
        if (!await IsAnythingThereAsync(cancellationToken).ConfigureAwait(false) || !await IsListedAsync(cancellationToken).ConfigureAwait(false))
        {
            return true;
        }

        await ConfirmAsync(cancellationToken).ConfigureAwait(false);
        await _words.TakeAsync(cancellationToken).ConfigureAwait(false);
        await FollowHintsAsync(cancellationToken).ConfigureAwait(false);
        var refusals = new List<E2EException>();
        bool isDone = await RoundAsync(refusals, cancellationToken).ConfigureAwait(false);
        if (await _core.Store.IsAnyAsync(RecordKey.Welcomes, default, cancellationToken).ConfigureAwait(false))
        {
            isDone &= await _joining.TakeWelcomesAsync(cancellationToken).ConfigureAwait(false);
            isDone &= await RoundAsync(refusals, cancellationToken).ConfigureAwait(false);
        }

        await _words.SayAsync(cancellationToken).ConfigureAwait(false);
        return refusals.Count == 0 ? isDone : throw new E2EException(refusals[0].Reason, "About a pulse chat.", refusals[0]);
    }

    private async Task<bool> IsAnythingThereAsync(CancellationToken cancellationToken)
    {
        foreach (byte table in new[] { RecordKey.Pulses, RecordKey.Welcomes, RecordKey.PulseWords, RecordKey.PulseSays })
        {
            if (await _core.Store.IsAnyAsync(table, default, cancellationToken).ConfigureAwait(false))
            {
                return true;
            }
        }

        return false;
    }

    private async Task<bool> IsListedAsync(CancellationToken cancellationToken)
    {
        OpenedRecord? bytes = await _core.Store
            .ReadAsync(RecordKey.Users, RecordKey.Of(_core.Address.UserId), cancellationToken).ConfigureAwait(false);
        DeviceCertificate? listed = bytes is null
            ? null
            : _core.Users.Decode(_core.Address.UserId, bytes.Value).List.Find(_core.Address.DeviceId);
        return listed is not null && listed.IsSameDevice(_core.Identity.Certificate);
    }

    /// <summary>Asks for lists that somebody's message was sent by and that are not known here.</summary>
    private async Task FollowHintsAsync(CancellationToken cancellationToken)
    {
        foreach ((string userId, long number) in _core.ListHints.ToArray())
        {
            OpenedRecord? bytes = await _core.Store.ReadAsync(RecordKey.Users, RecordKey.Of(userId), cancellationToken).ConfigureAwait(false);
            if (bytes is null || _core.Users.Decode(userId, bytes.Value).List.Number < number)
            {
                try
                {
                    await _lists.RefreshAsync(userId, Standing.Unanswered, cancellationToken).ConfigureAwait(false);
                }
                catch (E2EException exception) when (!IsOfAll(exception.Reason))
                {
                    // A list that is not in order: what is known of the account stays, and no chat waits for it.
                }
            }

            _core.ListHints.TryRemove(userId, out _);
        }
    }

    private async Task<bool> RoundAsync(List<E2EException> refusals, CancellationToken cancellationToken)
    {
        bool isDone = true;
        foreach (PulseId id in await ReadAllAsync(withClosed: false, cancellationToken).ConfigureAwait(false))
        {
            try
            {
                isDone &= await RoundAsync(id, cancellationToken).ConfigureAwait(false);
            }
            catch (E2EException exception) when (!IsOfAll(exception.Reason))
            {
                refusals.Add(exception);
            }
        }

        return isDone;
    }

    private async Task<bool> RoundAsync(PulseId id, CancellationToken cancellationToken)
    {
        using IDisposable round = await _core.Gates.EnterAsync([Gates.PulseRound(id)], cancellationToken).ConfigureAwait(false);
        await CloseForeignAsync(id, cancellationToken).ConfigureAwait(false);
        E2EException? refused = null;
        bool isDone = false;
        try
        {
            isDone = await FollowAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (E2EException exception) when (!IsOfAll(exception.Reason))
        {
            // What is written is sealed and sent all the same.
            refused = exception;
        }

        await _joining.UseUpAsync(id, cancellationToken).ConfigureAwait(false);
        await _words.StateAsync(id, cancellationToken).ConfigureAwait(false);
        await _words.NameGapsAsync(id, cancellationToken).ConfigureAwait(false);
        while (await _messages.SealWaitingAsync(id, cancellationToken).ConfigureAwait(false))
        {
        }

        isDone &= await _messages.DeliverAsync(id, cancellationToken).ConfigureAwait(false);
        await CloseAbandonedAsync(id, cancellationToken).ConfigureAwait(false);
        return refused is null ? isDone : throw refused;
    }
}
