namespace PulseMeet.E2E.Diagnostics;

/// <summary>What the meter does not know and the app does. What is null, or left as it is, is not judged.</summary>
public sealed record HealthFacts
{
    /// <summary>When the device's certificate ends.</summary>
    public DateTimeOffset? CertificateEnds { get; init; }

    /// <summary>How many private keys lie in the database as plaintext.</summary>
    public long? PlaintextKeys { get; init; }

    /// <summary>How many messages or keys a migration has tried.</summary>
    public long MigrationTried { get; init; }

    /// <summary>How many of them failed.</summary>
    public long MigrationFailed { get; init; }

    /// <summary>Whether the store was found rolled back.</summary>
    public bool? IsStoreRolledBack { get; init; }

    /// <summary>Whether the relay answered.</summary>
    public bool? IsRelayReachable { get; init; }
}
