using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Diagnostics;

/// <summary>Every alert by its cause, and no alert without one.</summary>
[Collection(nameof(TelemetryTellsNothing))]
public sealed class Health
{
    private readonly TestClock _clock = new();

    public Health() => Telemetry.ForgetClients();

    [Fact]
    public void Nothing_measured_and_nothing_known_is_well()
    {
        using var monitor = new HealthMonitor(new HealthOptions(), _clock);
        Assert.Empty(monitor.Assess(new HealthFacts()));
    }

    [Fact]
    public void A_mean_derivation_over_the_limit_is_an_alert_until_two_windows_have_passed()
    {
        using var strict = new HealthMonitor(new HealthOptions { MeanDerivationLimit = TimeSpan.FromTicks(1) }, _clock);
        using var lax = new HealthMonitor(new HealthOptions { MeanDerivationLimit = TimeSpan.FromHours(1) }, _clock);
        Derive();
        Assert.Equal([HealthAlert.SlowDerivation], strict.Assess(new HealthFacts()));
        Assert.Empty(lax.Assess(new HealthFacts()));
        _clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal([HealthAlert.SlowDerivation], strict.Assess(new HealthFacts()));
        _clock.Advance(TimeSpan.FromMinutes(6));
        Assert.Empty(strict.Assess(new HealthFacts()));
    }

    [Fact]
    public void Failures_to_open_that_rise_are_an_alert_and_as_many_as_before_are_none()
    {
        using var monitor = new HealthMonitor(new HealthOptions { OpeningFailureMinimum = 4 }, _clock);
        Fail(3);
        Assert.Empty(monitor.Assess(new HealthFacts()));
        Fail(1);
        Assert.Equal([HealthAlert.OpeningFailuresRising], monitor.Assess(new HealthFacts()));
        _clock.Advance(TimeSpan.FromMinutes(6));
        Fail(8);
        Assert.Empty(monitor.Assess(new HealthFacts()));
        Fail(1);
        Assert.Equal([HealthAlert.OpeningFailuresRising], monitor.Assess(new HealthFacts()));
    }

    [Fact]
    public void Few_prekeys_left_are_an_alert_until_there_are_more()
    {
        using var monitor = new HealthMonitor(new HealthOptions(), _clock);
        var party = new Party("alice", _clock);
        party.PreKeys.IsPublicationDue(new DirectoryState(9, default));
        Assert.Equal([HealthAlert.PreKeysRunningOut], monitor.Assess(new HealthFacts()));
        party.PreKeys.IsPublicationDue(new DirectoryState(10, default));
        Assert.Empty(monitor.Assess(new HealthFacts()));
    }

    [Fact]
    public void A_certificate_that_is_about_to_end_or_has_ended_is_an_alert()
    {
        using var monitor = new HealthMonitor(new HealthOptions { CertificateWarning = TimeSpan.FromDays(3) }, _clock);
        DateTimeOffset now = _clock.GetUtcNow();
        Assert.Empty(monitor.Assess(new HealthFacts { CertificateEnds = now.AddDays(3).AddSeconds(1) }));
        Assert.Equal([HealthAlert.CertificateEnding], monitor.Assess(new HealthFacts { CertificateEnds = now.AddDays(3) }));
        Assert.Equal([HealthAlert.CertificateEnding], monitor.Assess(new HealthFacts { CertificateEnds = now.AddDays(-3) }));
    }

    [Fact]
    public void What_the_migration_measures_raises_its_alerts_by_itself()
    {
        using var monitor = new HealthMonitor(new HealthOptions(), _clock);
        Telemetry.Migrated("message", "resealed", 95);
        Telemetry.MigrationFailed("message", "NoKeyFits", 5);
        Telemetry.PlaintextKeysFound(0);
        Assert.Empty(monitor.Assess(new HealthFacts()));
        Telemetry.MigrationFailed("message", "NoKeyFits");
        Assert.Equal([HealthAlert.MigrationFailures], monitor.Assess(new HealthFacts()));
        Telemetry.PlaintextKeysFound(1);
        Assert.Equal([HealthAlert.PlaintextKeys, HealthAlert.MigrationFailures], monitor.Assess(new HealthFacts()));
        Telemetry.PlaintextKeysFound(0);
        _clock.Advance(TimeSpan.FromMinutes(12));
        Assert.Empty(monitor.Assess(new HealthFacts()));
    }

    [Fact]
    public void One_plaintext_key_is_an_alert()
    {
        using var monitor = new HealthMonitor(new HealthOptions(), _clock);
        Assert.Empty(monitor.Assess(new HealthFacts { PlaintextKeys = 0 }));
        Assert.Equal([HealthAlert.PlaintextKeys], monitor.Assess(new HealthFacts { PlaintextKeys = 1 }));
    }

    [Fact]
    public void More_than_the_share_of_failed_migrations_is_an_alert()
    {
        using var monitor = new HealthMonitor(new HealthOptions(), _clock);
        Assert.Empty(monitor.Assess(new HealthFacts { MigrationTried = 100, MigrationFailed = 5 }));
        Assert.Equal([HealthAlert.MigrationFailures], monitor.Assess(new HealthFacts { MigrationTried = 100, MigrationFailed = 6 }));
        using var none = new HealthMonitor(new HealthOptions { MigrationFailureShare = 0 }, _clock);
        Assert.Equal([HealthAlert.MigrationFailures], none.Assess(new HealthFacts { MigrationTried = 1_000_000, MigrationFailed = 1 }));
    }

    [Fact]
    public void A_store_that_was_rolled_back_and_a_relay_that_does_not_answer_are_alerts()
    {
        using var monitor = new HealthMonitor(new HealthOptions(), _clock);
        Assert.Empty(monitor.Assess(new HealthFacts { IsStoreRolledBack = false, IsRelayReachable = true }));
        Assert.Equal([HealthAlert.StoreRolledBack], monitor.Assess(new HealthFacts { IsStoreRolledBack = true }));
        Assert.Equal([HealthAlert.RelayUnreachable], monitor.Assess(new HealthFacts { IsRelayReachable = false }));
    }

    [Fact]
    public void A_clock_that_was_set_back_goes_on_measuring()
    {
        using var monitor = new HealthMonitor(new HealthOptions { OpeningFailureMinimum = 4 }, _clock);
        _clock.Advance(TimeSpan.FromDays(-3650));
        Fail(4);
        Assert.Equal([HealthAlert.OpeningFailuresRising], monitor.Assess(new HealthFacts()));
    }

    [Fact]
    public void A_monitor_that_was_disposed_listens_no_more()
    {
        var monitor = new HealthMonitor(new HealthOptions { OpeningFailureMinimum = 1 }, _clock);
        monitor.Dispose();
        Fail(1);
        Assert.Empty(monitor.Assess(new HealthFacts()));
    }

    [Theory]
    [InlineData(nameof(HealthOptions.MeanDerivationLimit))]
    [InlineData(nameof(HealthOptions.OpeningFailureRise))]
    [InlineData(nameof(HealthOptions.OpeningFailureMinimum))]
    [InlineData(nameof(HealthOptions.PreKeyMinimum))]
    [InlineData(nameof(HealthOptions.CertificateWarning))]
    [InlineData(nameof(HealthOptions.MigrationFailureShare))]
    [InlineData(nameof(HealthOptions.Window))]
    public void An_option_outside_its_range_is_refused(string name)
    {
        var options = new HealthOptions();
        System.Reflection.PropertyInfo property = typeof(HealthOptions).GetProperty(name)!;
        object below = property.PropertyType == typeof(TimeSpan) ? TimeSpan.FromDays(-1) : property.PropertyType == typeof(int) ? (object)-1 : -0.5;
        property.SetValue(options, below);
        Assert.Throws<ArgumentOutOfRangeException>(() => new HealthMonitor(options, _clock));
    }

    private static void Derive()
    {
        using X25519KeyPair own = X25519KeyPair.Generate();
        using X25519KeyPair peer = X25519KeyPair.Generate();
        new KeyDerivationService(new KeyDerivationOptions(), new TestClock())
            .DeriveConversationKeys(own, peer.PublicKey, new ConversationContext("c")).Dispose();
    }

    private void Fail(int times)
    {
        var alice = new Party("alice", _clock);
        var bob = new Party("bob", _clock);
        using RatchetSession session = alice.Initiate(bob, bob.Bundle());
        for (int i = 0; i < times; i++)
        {
            _ = Refusal.Of(() => session.Open(new byte[40]));
        }
    }
}
