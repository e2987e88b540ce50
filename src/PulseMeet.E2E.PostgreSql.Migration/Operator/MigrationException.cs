namespace PulseMeet.E2E.PostgreSql.Migration;

/// <summary>Why a phase of the schema migration was refused.</summary>
public enum MigrationRefusal
{
    /// <summary>The phase before it is not done.</summary>
    OutOfOrder = 1,

    /// <summary>A key has no current sealed backup, or a member no wrapped copy.</summary>
    NotVerified = 2,

    /// <summary>Members would lose access, and the operator has not named that choice.</summary>
    AccessWouldBeLost = 3,

    /// <summary>The recovery key is another one than the backups were sealed to.</summary>
    WrongRecoveryKey = 4,

    /// <summary>The backups were dropped: there is nothing to restore from.</summary>
    NothingToRestore = 5,

    /// <summary>The role that is logged in does not see every row.</summary>
    CannotSee = 6,

    /// <summary>A sealed backup does not open.</summary>
    CorruptBackup = 7,
}

/// <summary>A phase of the schema migration was refused. That phase has changed nothing.</summary>
/// <remarks>The message holds counts and names of tables, never a key.</remarks>
public sealed class MigrationException : Exception
{
    /// <param name="reason">Why it was refused.</param>
    /// <param name="message">In words that hold no secret.</param>
    public MigrationException(MigrationRefusal reason, string message)
        : base(message) => Reason = reason;

    /// <summary>Why it was refused.</summary>
    public MigrationRefusal Reason { get; }
}
