namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>What an app may choose about migrating messages.</summary>
public sealed class MessageMigrationOptions
{
    /// <summary>Messages in a batch, 1 to 10,000; 100 by default.</summary>
    public int BatchSize { get; set; } = 100;

    /// <summary>After this time the run stops cleanly, to be resumed; 300 seconds by default.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(300);

    /// <summary>The share of unreadable messages above which the run stops, 0 to 1; 0.05 by default. Looked at after each
    /// batch once a hundred messages have been tried, and at the end.</summary>
    public double MaxFailureRate { get; set; } = 0.05;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BatchSize, 10_000);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Timeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxFailureRate);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxFailureRate, 1);
    }
}
