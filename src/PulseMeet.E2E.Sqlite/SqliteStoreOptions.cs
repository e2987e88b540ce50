namespace PulseMeet.E2E.Sqlite;

/// <summary>How a <see cref="SqliteStore"/> writes and waits.</summary>
public sealed record SqliteStoreOptions
{
    /// <summary>What a batch outlives once it was answered. Default: <see cref="SqliteDurability.Full"/>.</summary>
    public SqliteDurability Durability { get; init; }

    /// <summary>How long copies of what was deleted or overwritten may stay in the journal after the batch. Default: 2 seconds.</summary>
    public TimeSpan MaxJournalAge { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The size of the journal, in bytes, at which a batch empties it before it answers. Default: 4 MiB.</summary>
    public long MaxJournalSize { get; init; } = 4 * 1024 * 1024;

    /// <summary>How long to wait for a holder that was asked to hand over. Default: 5 seconds.</summary>
    public TimeSpan HandoverTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long to wait for another program that has locked the file; rounded up to seconds, at least 1. Default: 5 seconds.</summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>SQLite's name of the file system to use; null for the platform's. For tests.</summary>
    internal string? Vfs { get; init; }

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxJournalAge, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxJournalSize, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(HandoverTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(BusyTimeout, TimeSpan.Zero);
    }
}
