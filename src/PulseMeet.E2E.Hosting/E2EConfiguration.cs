using System.Collections;
using Microsoft.Extensions.Configuration;
using PulseMeet.E2E.Derivation;

namespace PulseMeet.E2E.Hosting;

/// <summary>What operators have set, checked as a whole: a combination that would weaken conversations silently does not start.</summary>
/// <remarks>docs/guides/configuration.md. Immutable and thread-safe.</remarks>
public sealed class E2EConfiguration
{
    private E2EConfiguration(IReadOnlyDictionary<string, string> values)
    {
        SecureKeyExchange = ConfigurationReader.Flag(values, ConfigurationNames.EnableSecureKeyExchange, otherwise: true);
        KeyRotation = ConfigurationReader.Flag(values, ConfigurationNames.EnableKeyRotation, otherwise: true);
        PerfectForwardSecrecy = ConfigurationReader.Flag(values, ConfigurationNames.EnablePerfectForwardSecrecy, otherwise: true);
        MigrationMode = ConfigurationReader.Flag(values, ConfigurationNames.EnableMigrationMode, otherwise: false);
        Salt = ConfigurationReader.Text(values, ConfigurationNames.HkdfSalt, KeyDerivationOptions.MaxSaltSize, KeyDerivationOptions.DefaultSalt);
        KeyRotationInterval = TimeSpan.FromDays(ConfigurationReader.Number(values, ConfigurationNames.KeyRotationIntervalDays, 1, 365, 30));
        MigrationBatchSize = ConfigurationReader.Number(values, ConfigurationNames.MigrationBatchSize, 1, 10_000, 100);
        MigrationTimeout = TimeSpan.FromSeconds(ConfigurationReader.Number(values, ConfigurationNames.MigrationTimeoutSeconds, 1, 86_400, 300));
        CheckTogether(values);
    }

    /// <summary><see cref="ConfigurationNames.EnableSecureKeyExchange"/>: off, nothing but legacy reading is there.</summary>
    public bool SecureKeyExchange { get; }

    /// <summary><see cref="ConfigurationNames.EnableKeyRotation"/>: off, nothing is due for rotation.</summary>
    public bool KeyRotation { get; }

    /// <summary><see cref="ConfigurationNames.EnablePerfectForwardSecrecy"/>: off, there are no sessions.</summary>
    public bool PerfectForwardSecrecy { get; }

    /// <summary><see cref="ConfigurationNames.EnableMigrationMode"/>: on, legacy derivations are there.</summary>
    public bool MigrationMode { get; }

    /// <summary><see cref="ConfigurationNames.HkdfSalt"/>.</summary>
    public string Salt { get; }

    /// <summary><see cref="ConfigurationNames.KeyRotationIntervalDays"/>.</summary>
    public TimeSpan KeyRotationInterval { get; }

    /// <summary><see cref="ConfigurationNames.MigrationBatchSize"/>, for <c>MessageMigrationOptions.BatchSize</c>.</summary>
    public int MigrationBatchSize { get; }

    /// <summary><see cref="ConfigurationNames.MigrationTimeoutSeconds"/>, for <c>MessageMigrationOptions.Timeout</c>.</summary>
    public TimeSpan MigrationTimeout { get; }

    /// <summary>Longer than any device lives: what rotation by time is off by.</summary>
    private static TimeSpan Never => TimeSpan.FromDays(3650);

    /// <summary>Reads a configuration. In a section of its own every name has to be known; beside other settings a name that is nearly one of
    /// these is refused as misspelt.</summary>
    /// <param name="configuration">A host's configuration, or a section of it.</param>
    /// <exception cref="ConfigurationException">A value is out of range, not of its form or unknown, or values do not go together.</exception>
    public static E2EConfiguration Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return ReadAll(
            configuration.GetChildren().Where(child => child.Value is not null).Select(child => KeyValuePair.Create(child.Key, child.Value!)),
            isOwn: configuration is IConfigurationSection);
    }

    /// <summary>Reads the process's environment.</summary>
    /// <exception cref="ConfigurationException">As for <see cref="Read"/>.</exception>
    public static E2EConfiguration FromEnvironment() => ReadAll(
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().Select(entry => KeyValuePair.Create((string)entry.Key, (string?)entry.Value ?? "")),
        isOwn: false);

    /// <summary>Sets what the library's options have of it.</summary>
    /// <param name="options">The options of <c>AddPulseMeetE2E</c>.</param>
    public void ApplyTo(PulseMeetE2EOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.KeyDerivation.Salt = Salt;
        TimeSpan interval = KeyRotation ? KeyRotationInterval : Never;
        options.KeyDerivation.RotationInterval = interval;
        options.ConversationKeys.RotationInterval = interval;
        options.PreKeys.RotationInterval = interval;
        options.Ratchet.RenewalInterval = interval;
    }

    private static E2EConfiguration ReadAll(IEnumerable<KeyValuePair<string, string>> settings, bool isOwn)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, string value) in settings)
        {
            if (ConfigurationNames.All.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                values[name] = value;
            }
            else if (NearNames.MeantBy(name) is { } meant)
            {
                throw new ConfigurationException(name, $"Unknown. Did you mean {meant}?");
            }
            else if (isOwn)
            {
                throw new ConfigurationException(name, "Unknown.");
            }
        }

        return new E2EConfiguration(values);
    }

    private void CheckTogether(IReadOnlyDictionary<string, string> values)
    {
        if (!SecureKeyExchange && !MigrationMode)
        {
            throw new ConfigurationException(
                ConfigurationNames.EnableSecureKeyExchange,
                $"Off without {ConfigurationNames.EnableMigrationMode}, so that there would be nothing to read or write: conversations would go unencrypted.");
        }

        if (!PerfectForwardSecrecy && !MigrationMode)
        {
            throw new ConfigurationException(
                ConfigurationNames.EnablePerfectForwardSecrecy,
                $"Off without {ConfigurationNames.EnableMigrationMode}: one stolen key would open all messages.");
        }

        if (!KeyRotation && !MigrationMode)
        {
            throw new ConfigurationException(
                ConfigurationNames.EnableKeyRotation,
                $"Off without {ConfigurationNames.EnableMigrationMode}: prekeys would stay the same for ever.");
        }

        if (!KeyRotation && values.ContainsKey(ConfigurationNames.KeyRotationIntervalDays))
        {
            throw new ConfigurationException(
                ConfigurationNames.KeyRotationIntervalDays, $"Set while {ConfigurationNames.EnableKeyRotation} is off.");
        }
    }
}
