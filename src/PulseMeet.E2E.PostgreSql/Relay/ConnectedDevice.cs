using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.PostgreSql.Relay;

/// <summary>The relay for one device: every call is a function in the database, named as its part of the contract.</summary>
internal sealed partial class ConnectedDevice(
    DeviceAddress caller, RelayDatabase database, Notifications notifications, PostgreSqlRelayOptions options, TimeProvider time)
    : IE2ERelay
{
    public DeviceAddress Caller => caller;

    private Npgsql.NpgsqlParameter[] Self => Parameters.Of(caller);

    private DateTimeOffset OldestKept => time.GetUtcNow() - RelayLimits.MaxEnvelopeAge;

    /// <summary>The time, and the bounds of a mailbox.</summary>
    private Npgsql.NpgsqlParameter[] NowAndBounds()
    {
        DateTimeOffset now = time.GetUtcNow();
        return
        [
            Parameters.Time(now), Parameters.Time(now - RelayLimits.MaxEnvelopeAge), Parameters.Integer(RelayLimits.MaxMailboxItems),
            Parameters.Bigint(RelayLimits.MaxMailboxBytes), Parameters.Share(RelayLimits.MaxSenderShare),
        ];
    }

    private void Tell(IEnumerable<long> devices) => notifications.Tell(devices.Select(Topic.Mailbox));

    /// <summary>Looks until there is something to give, the time has passed, or the caller stops waiting.</summary>
    /// <param name="topic">What is waited for.</param>
    /// <param name="wait">How long.</param>
    /// <param name="look">Gives what is there; null where there is nothing.</param>
    /// <param name="take">Makes an answer of signals.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    private async Task<T?> WaitForAsync<T>(
        Topic topic,
        TimeSpan wait,
        Func<Task<T?>> look,
        Func<IReadOnlyList<MailboxItem>, T> take,
        CancellationToken cancellationToken)
        where T : class
    {
        notifications.Listen();
        using Waiter<Topic> waiter = notifications.Waiters.Add(topic);
        long begun = time.GetTimestamp();
        while (true)
        {
            if (await look().ConfigureAwait(false) is { } found)
            {
                return found;
            }

            TimeSpan left = wait - time.GetElapsedTime(begun);
            if (left <= TimeSpan.Zero)
            {
                return null;
            }

            TimeSpan poll = notifications.IsListening ? options.PollInterval : options.PollIntervalWithoutNotifications;
            IReadOnlyList<MailboxItem> signals = await waiter.WaitAsync(left, poll, time, cancellationToken).ConfigureAwait(false);
            if (signals.Count > 0)
            {
                return take(signals);
            }
        }
    }
}
