namespace PulseMeet.E2E.Hosting;

/// <summary>The names that operators set, in the environment or in any configuration. docs/guides/configuration.md says what each
/// does.</summary>
public static class ConfigurationNames
{
    /// <summary>Whether the app exchanges keys securely. A flag; on.</summary>
    public const string EnableSecureKeyExchange = "ENABLE_SECURE_KEY_EXCHANGE";

    /// <summary>Whether keys are rotated by time. A flag; on.</summary>
    public const string EnableKeyRotation = "ENABLE_KEY_ROTATION";

    /// <summary>Whether conversations are sessions with a key for each message. A flag; on.</summary>
    public const string EnablePerfectForwardSecrecy = "ENABLE_PERFECT_FORWARD_SECRECY";

    /// <summary>Whether the app still reads what the legacy client wrote. A flag; off.</summary>
    public const string EnableMigrationMode = "ENABLE_MIGRATION_MODE";

    /// <summary>The salt of key derivation: 1 to 255 bytes of UTF-8.</summary>
    public const string HkdfSalt = "HKDF_SALT";

    /// <summary>After how many days keys are rotated: 1 to 365.</summary>
    public const string KeyRotationIntervalDays = "KEY_ROTATION_INTERVAL_DAYS";

    /// <summary>How many messages a batch of the migration has: 1 to 10,000.</summary>
    public const string MigrationBatchSize = "MIGRATION_BATCH_SIZE";

    /// <summary>After how many seconds a run of the migration stops, to be resumed: 1 to 86,400.</summary>
    public const string MigrationTimeoutSeconds = "MIGRATION_TIMEOUT_SECONDS";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        EnableSecureKeyExchange, EnableKeyRotation, EnablePerfectForwardSecrecy, EnableMigrationMode, HkdfSalt, KeyRotationIntervalDays,
        MigrationBatchSize, MigrationTimeoutSeconds,
    ];
}
