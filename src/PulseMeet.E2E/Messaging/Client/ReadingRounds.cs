using PulseMeet.E2E.Storage;

namespace PulseMeet.E2E.Messaging;

/// <summary>The rounds of the loop that reads events: each receives, waiting for something to come, or for an event of another
/// source.</summary>
/// <remarks>Not thread-safe: for the one reader. No relay makes it spin: after a failure, an answer that came without waiting, or many
/// rounds that brought no event, the next round waits a second, then two, to a minute.</remarks>
internal sealed class ReadingRounds(Engine engine, TimeProvider time)
{
    /// <summary>Rounds that may bring items and no event: a mailbox that is full of words between devices.</summary>
    private const int MaxQuietRounds = 100;

    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_shortestWait = TimeSpan.FromSeconds(1);

    private readonly CancellationToken _lost = engine.Core.Store.Lost;
    private TimeSpan _pause;
    private int _quietRounds;

    /// <summary>Events came to the app since the last round.</summary>
    public void HasBroughtSomething() => _quietRounds = 0;

    /// <exception cref="ObjectDisposedException">The client has ended.</exception>
    /// <exception cref="E2EException">The store fails, or is another process's now.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, engine.Stopping, _lost);
        try
        {
            if (await ReceiveAsync(waiting).ConfigureAwait(false))
            {
                _pause = TimeSpan.Zero;
                return;
            }
        }
        catch (OperationCanceledException) when (engine.Core.Incoming.Rung.IsCompleted && !cancellationToken.IsCancellationRequested
            && !engine.Stopping.IsCancellationRequested && !_lost.IsCancellationRequested)
        {
            // The bell was rung.
            _pause = TimeSpan.Zero;
            return;
        }
        catch (Exception exception) when (HasEnded(exception, cancellationToken))
        {
            throw End(exception);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Somebody's who is neither the reader nor this client.
        }
        catch (E2EException exception) when (exception.Reason is not (E2EError.StoreFailed or E2EError.StoreInUse
            or E2EError.StoreDamaged or E2EError.StoreConflict))
        {
            // The relay cannot be reached, refuses, or says something that cannot be: it is tried again later. One that knows this
            // device no more may have a list without it.
            if (exception.Reason == E2EError.UnknownDevice)
            {
                engine.Upkeep.WantList();
            }
        }

        _pause = Engine.NextPause(_pause);
        await SleepAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <returns>Whether the next round may come at once.</returns>
    private async Task<bool> ReceiveAsync(CancellationTokenSource waiting)
    {
        await engine.Upkeep.RunAsync(waiting.Token).ConfigureAwait(false);
        if (!engine.Core.Options.SendsByItself)
        {
            await RunPulsesAsync(waiting.Token).ConfigureAwait(false);
        }

        await engine.OwnWord.FollowAsync(waiting.Token).ConfigureAwait(false);
        DateTimeOffset? due = await engine.Controls.NameGapsAsync(waiting.Token).ConfigureAwait(false);
        TimeSpan wait = due is { } at ? Clamp(at - time.GetUtcNow()) : s_longestWait;
        long asked = time.GetTimestamp();
        Task bell = engine.Core.Incoming.Rung;
        using var asking = CancellationTokenSource.CreateLinkedTokenSource(waiting.Token);
        Task<int> receiving = engine.Receiver.ReceiveAsync(wait, asking.Token, waiting.Token);
        await Task.WhenAny(receiving, bell).ConfigureAwait(false);
        if (bell.IsCompleted)
        {
            // Ends the waiting at the relay; what has come is taken and acknowledged.
            await asking.CancelAsync().ConfigureAwait(false);
        }

        int came = await receiving.ConfigureAwait(false);
        _quietRounds = came > 0 ? _quietRounds + 1 : 0;
        return bell.IsCompleted || (came == 0 ? time.GetElapsedTime(asked) >= wait / 2 : _quietRounds <= MaxQuietRounds);
    }

    /// <summary>A chat that is refused, or a relay that fails for chats alone, keeps nothing from being received.</summary>
    private async Task RunPulsesAsync(CancellationToken cancellationToken)
    {
        try
        {
            await engine.Pulses.RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (E2EException exception) when (exception.Reason is not (E2EError.StoreFailed or E2EError.StoreInUse
            or E2EError.StoreDamaged or E2EError.StoreConflict))
        {
            // It is tried again in the next round; one that knows this device no more may have a list without it.
            if (exception.Reason == E2EError.UnknownDevice)
            {
                engine.Upkeep.WantList();
            }
        }
    }

    private async Task SleepAsync(CancellationToken cancellationToken)
    {
        using var sleeping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, engine.Stopping, _lost);
        await Task.WhenAny(Task.Delay(_pause, time, sleeping.Token), engine.Core.Incoming.Rung).ConfigureAwait(false);
        await sleeping.CancelAsync().ConfigureAwait(false);
    }

    private bool HasEnded(Exception exception, CancellationToken cancellationToken) =>
        exception is OperationCanceledException or ObjectDisposedException
        && !cancellationToken.IsCancellationRequested
        && (engine.Stopping.IsCancellationRequested || _lost.IsCancellationRequested);

    private Exception End(Exception exception) => engine.Stopping.IsCancellationRequested
        ? new ObjectDisposedException(nameof(E2EClient))
        : new E2EException(E2EError.StoreInUse, "Another process has the store.", exception);

    private static TimeSpan Clamp(TimeSpan delay) =>
        delay < s_shortestWait ? s_shortestWait : delay > s_longestWait ? s_longestWait : delay;
}
