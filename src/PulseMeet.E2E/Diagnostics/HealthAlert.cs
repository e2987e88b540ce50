namespace PulseMeet.E2E.Diagnostics;

/// <summary>What operators are told of.</summary>
public enum HealthAlert
{
    /// <summary>Deriving keys takes longer, in the mean, than the limit.</summary>
    SlowDerivation = 1,

    /// <summary>More messages fail to open than in the time before.</summary>
    OpeningFailuresRising = 2,

    /// <summary>The directory has few one-time pairs of a device left: somebody may be drawing them.</summary>
    PreKeysRunningOut = 3,

    /// <summary>A device certificate is about to end, or has ended.</summary>
    CertificateEnding = 4,

    /// <summary>A private key lies in the database as plaintext.</summary>
    PlaintextKeys = 5,

    /// <summary>More migrations fail than the share allows.</summary>
    MigrationFailures = 6,

    /// <summary>A store was put back to an earlier state.</summary>
    StoreRolledBack = 7,

    /// <summary>The relay does not answer.</summary>
    RelayUnreachable = 8,
}
