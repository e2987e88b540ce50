namespace PulseMeet.E2E.Sqlite;

/// <summary>What a batch outlives once the store has answered.</summary>
public enum SqliteDurability
{
    /// <summary>The loss of power (<c>synchronous = FULL</c>): one sync a batch. The default.</summary>
    Full = 0,

    /// <summary>The death of the process alone (<c>synchronous = NORMAL</c>): no sync. After a loss of power the last batches may be
    /// gone; the store is then an older whole one.</summary>
    Relaxed = 1,
}
