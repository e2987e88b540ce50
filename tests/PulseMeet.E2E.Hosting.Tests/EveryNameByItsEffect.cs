using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.PostgreSql.Migration;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Sealing;

namespace PulseMeet.E2E.Hosting.Tests;

/// <summary>What operators set does what its row in docs/guides/configuration.md says.</summary>
public sealed class EveryNameByItsEffect
{
    private static readonly DateTimeOffset s_now = TimeProvider.System.GetUtcNow();

    [Fact]
    public void Nothing_set_is_secure_key_exchange_with_sessions_and_rotation_and_without_legacy_reading()
    {
        using ServiceProvider services = Settings.Services();
        Assert.NotNull(services.GetService<IKeyDerivationService>());
        Assert.NotNull(services.GetService<IMessageSealer>());
        Assert.NotNull(services.GetService<IRatchetSessionFactory>());
        Assert.Null(services.GetService<ILegacyKeyDerivation>());
        Assert.True(services.GetRequiredService<IKeyDerivationService>().IsRotationDue(s_now.AddDays(-31)));
        Assert.False(services.GetRequiredService<IKeyDerivationService>().IsRotationDue(s_now.AddDays(-29)));
    }

    [Fact]
    public void HKDF_SALT_gives_other_keys_to_whoever_has_another_one()
    {
        using X25519KeyPair own = X25519KeyPair.Import(Enumerable.Repeat((byte)1, 32).ToArray());
        using X25519KeyPair peer = X25519KeyPair.Import(Enumerable.Repeat((byte)2, 32).ToArray());
        ConversationKey Derive(params (string, string)[] values)
        {
            using ServiceProvider services = Settings.Services(values);
            return services.GetRequiredService<IKeyDerivationService>()
                .DeriveConversationKeys(own, peer.PublicKey, new ConversationContext("c")).Conversation;
        }

        Assert.False(Derive().FixedTimeEquals(Derive(("HKDF_SALT", "another app"))));
        Assert.True(Derive(("HKDF_SALT", "another app")).FixedTimeEquals(Derive(("HKDF_SALT", "another app"))));
        Assert.True(Derive().FixedTimeEquals(Derive(("HKDF_SALT", "PulseMeet-E2E-Salt-v1"))));
    }

    [Fact]
    public void KEY_ROTATION_INTERVAL_DAYS_is_when_a_conversation_and_a_signed_prekey_are_due()
    {
        using ServiceProvider services = Settings.Services(("KEY_ROTATION_INTERVAL_DAYS", "7"));
        Assert.True(services.GetRequiredService<IKeyDerivationService>().IsRotationDue(s_now.AddDays(-8)));
        Assert.False(services.GetRequiredService<IKeyDerivationService>().IsRotationDue(s_now.AddDays(-6)));
        var options = new PulseMeet.E2E.PulseMeetE2EOptions();
        services.GetRequiredService<E2EConfiguration>().ApplyTo(options);
        Assert.Equal(TimeSpan.FromDays(7), options.PreKeys.RotationInterval);
        Assert.Equal(TimeSpan.FromDays(7), options.Ratchet.RenewalInterval);
    }

    [Fact]
    public void ENABLE_KEY_ROTATION_off_leaves_nothing_due()
    {
        using ServiceProvider services = Settings.Services(("ENABLE_KEY_ROTATION", "false"), ("ENABLE_MIGRATION_MODE", "true"));
        Assert.False(services.GetRequiredService<IKeyDerivationService>().IsRotationDue(s_now.AddDays(-3600)));
    }

    [Fact]
    public void ENABLE_PERFECT_FORWARD_SECRECY_off_leaves_conversation_keys_without_sessions()
    {
        using ServiceProvider services = Settings.Services(("ENABLE_PERFECT_FORWARD_SECRECY", "0"), ("ENABLE_MIGRATION_MODE", "1"));
        Assert.Null(services.GetService<IRatchetSessionFactory>());
        Assert.NotNull(services.GetService<IMessageSealer>());
        Assert.NotNull(services.GetService<IKeyDerivationService>());
    }

    [Fact]
    public void ENABLE_SECURE_KEY_EXCHANGE_off_leaves_legacy_reading_alone()
    {
        using ServiceProvider services = Settings.Services(("ENABLE_SECURE_KEY_EXCHANGE", "False"), ("ENABLE_MIGRATION_MODE", "True"));
        Assert.NotNull(services.GetService<ILegacyKeyDerivation>());
        Assert.Null(services.GetService<IKeyDerivationService>());
        Assert.Null(services.GetService<IMessageSealer>());
        Assert.Null(services.GetService<IRatchetSessionFactory>());
    }

    [Fact]
    public void ENABLE_MIGRATION_MODE_on_reads_what_the_legacy_client_wrote_with_the_same_salt()
    {
        using ServiceProvider services = Settings.Services(("ENABLE_MIGRATION_MODE", "true"), ("HKDF_SALT", "another app"));
        using X25519KeyPair own = X25519KeyPair.Generate();
        using LegacyKey key = services.GetRequiredService<ILegacyKeyDerivation>().DeriveV1PulseKey(own, "p");
        using LegacyKey expected = new LegacyKeyDerivation("another app").DeriveV1PulseKey(own, "p");
        Assert.True(key.FixedTimeEquals(expected));
    }

    [Fact]
    public void MIGRATION_BATCH_SIZE_and_MIGRATION_TIMEOUT_SECONDS_are_the_migrations_and_have_its_defaults_and_bounds()
    {
        E2EConfiguration set = E2EConfiguration.Read(Settings.Of(("MIGRATION_BATCH_SIZE", "10000"), ("MIGRATION_TIMEOUT_SECONDS", "86400")));
        var options = new MessageMigrationOptions { BatchSize = set.MigrationBatchSize, Timeout = set.MigrationTimeout };
        Assert.Equal((10_000, TimeSpan.FromDays(1)), (options.BatchSize, options.Timeout));
        E2EConfiguration unset = E2EConfiguration.Read(Settings.Of());
        var defaults = new MessageMigrationOptions();
        Assert.Equal((defaults.BatchSize, defaults.Timeout), (unset.MigrationBatchSize, unset.MigrationTimeout));
    }

    [Fact]
    public void What_the_app_registered_before_stays_whatever_is_off()
    {
        var own = new LegacyKeyDerivation("the app's own");
        using ServiceProvider services = new ServiceCollection().AddSingleton<ILegacyKeyDerivation>(own)
            .AddPulseMeetE2E(Settings.Of()).BuildServiceProvider();
        Assert.Same(own, services.GetService<ILegacyKeyDerivation>());
    }

    [Fact]
    public void A_section_is_read_as_a_configuration_of_its_own()
    {
        IConfiguration whole = Settings.Of(("E2E:HKDF_SALT", "another app"), ("E2E:key_rotation_interval_days", "9"), ("Other", "x"));
        E2EConfiguration read = E2EConfiguration.Read(whole.GetSection("E2E"));
        Assert.Equal(("another app", TimeSpan.FromDays(9)), (read.Salt, read.KeyRotationInterval));
    }

    [Fact]
    public void The_environment_is_read_and_a_variable_in_it_counts()
    {
        Assert.Equal(100, E2EConfiguration.FromEnvironment().MigrationBatchSize);
        Environment.SetEnvironmentVariable("MIGRATION_BATCH_SIZE", "17");
        try
        {
            Assert.Equal(17, E2EConfiguration.FromEnvironment().MigrationBatchSize);
        }
        finally
        {
            Environment.SetEnvironmentVariable("MIGRATION_BATCH_SIZE", null);
        }
    }
}
