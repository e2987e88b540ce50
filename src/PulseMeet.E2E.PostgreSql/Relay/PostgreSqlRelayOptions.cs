namespace PulseMeet.E2E.PostgreSql.Relay;

/// <summary>How a relay uses its database.</summary>
public sealed class PostgreSqlRelayOptions
{
    /// <summary>Whether the relay makes and upgrades its schema before its first call. Without it the schema has to be there
    /// (<see cref="PostgreSqlRelay.MigrateAsync"/>, run by a role that may), and the relay's role needs no right to make
    /// tables.</summary>
    public bool MigrateBeforeFirstCall { get; init; } = true;

    /// <summary>Whether the database is the legacy platform's: takes every right from <c>anon</c> and <c>authenticated</c>, puts
    /// row level security on every table, and lets a signed-in user (<c>auth.uid()</c>) see the rows of their own account alone.
    /// Looked at when the schema is made or upgraded.</summary>
    public bool UsesPlatformRoles { get; init; }

    /// <summary>After how long a statement is given up; the caller gets <see cref="E2EError.RelayUnavailable"/>. 15 seconds unless
    /// said otherwise.</summary>
    public TimeSpan StatementTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How often a waiting call looks by itself while notifications come: what a relay that stops between storing and
    /// telling the others costs in time. 30 seconds unless said otherwise.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a waiting call looks while no notifications come, since their connection is gone. 2 seconds unless
    /// said otherwise.</summary>
    public TimeSpan PollIntervalWithoutNotifications { get; init; } = TimeSpan.FromSeconds(2);
}
