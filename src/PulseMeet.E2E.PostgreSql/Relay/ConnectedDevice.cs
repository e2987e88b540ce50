using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.PostgreSql.Relay;

/// <summary>The relay for one device: every call is a function in the database, named as its part of the contract.</summary>
internal sealed partial class ConnectedDevice(
    DeviceAddress caller, RelayDatabase database, Notifications notifications, PostgreSqlRelayOptions options, TimeProvider time)
    : IE2ERelay
{
    public DeviceAddress Caller => caller;

    private LongPoll Waits => new(notifications.Waiters, PollAfter, time);

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

    /// <summary>The relay listens from when somebody waits; what is told meanwhile is found by looking.</summary>
    private TimeSpan PollAfter()
    {
        notifications.Listen();
        return notifications.IsListening ? options.PollInterval : options.PollIntervalWithoutNotifications;
    }
}
