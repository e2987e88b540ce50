using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Storage;
using PulseMeet.E2E.Tests.Diagnostics;

namespace PulseMeet.E2E.Tests.Messaging;

/// <summary>What goes wrong in a client is on the meter, raises its alert by itself, and says nothing of whom.</summary>
[Collection(nameof(TelemetryTellsNothing))]
public sealed class ClientIsMeasured
{
    private const string Missing = "pulsemeet.e2e.messages.missing";
    private const string Length = "pulsemeet.e2e.queue.length";
    private const string Age = "pulsemeet.e2e.queue.age";
    private const string Relay = "pulsemeet.e2e.relay.reachable";
    private const string Certificate = "pulsemeet.e2e.certificate.left";
    private const string PreKeys = "pulsemeet.e2e.prekeys.left";

    public ClientIsMeasured() => Telemetry.ForgetClients();

    [Fact]
    public async Task Losses_are_counted_when_they_are_named_and_when_they_are_filled()
    {
        using var emitted = new EmittedTelemetry();
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        bool isLosing = true;
        world.Relay.OnTheWay = (_, envelope) => isLosing && envelope.Recipient == bob.Address ? [] : [envelope];
        await alice.SayAsync("bob", "two");
        await alice.SayAsync("bob", "three");
        await alice.SyncAsync();
        isLosing = false;
        await alice.SayAsync("bob", "four");
        await world.SettleAsync();
        Assert.Equal(0, emitted.Sum(Missing));

        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await world.SettleAsync();
        Assert.Equal(2, emitted.Sum(Missing));
        Assert.All(emitted.Measurements.Where(one => one.Instrument == Missing), one => Assert.Equal("asked_for", Assert.Single(one.Tags).Value));
        Assert.Equal(2, emitted.Sum("pulsemeet.e2e.messages.recovered"));
        AssertNobodyIsNamed(emitted);
    }

    [Fact]
    public async Task A_store_that_was_put_back_is_counted_with_the_repairs_and_raises_its_alert()
    {
        using var emitted = new EmittedTelemetry();
        await using var world = new World();
        using var health = new HealthMonitor(new HealthOptions(), world.Clock);
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        Assert.DoesNotContain(HealthAlert.StoreRolledBack, health.Assess(new HealthFacts()));
        InMemoryStore yesterday = bob.Store.Copy();
        for (int i = 0; i < 3; i++)
        {
            await alice.SayAsync("bob", $"{i}");
            await bob.SayAsync("alice", $"{i}");
            await world.SettleAsync(2);
        }

        await bob.RestoreAsync(yesterday);
        await world.SettleAsync();
        Assert.Equal(1, emitted.Sum("pulsemeet.e2e.store.rollbacks"));
        Assert.Contains(HealthAlert.StoreRolledBack, health.Assess(new HealthFacts()));
        AssertNobodyIsNamed(emitted);
    }

    [Fact]
    public async Task A_damaged_message_is_counted_and_its_repair_has_an_activity()
    {
        using var emitted = new EmittedTelemetry();
        await using var world = new World();
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        bool isDamaging = true;
        world.Relay.OnTheWay = (_, envelope) =>
        {
            if (!isDamaging || envelope.Recipient != bob.Address)
            {
                return [envelope];
            }

            byte[] damaged = envelope.Content.ToArray();
            damaged[^1] ^= 1;
            return [envelope with { Content = damaged }];
        };
        await alice.SayAsync("bob", "two");
        await alice.SyncAsync();
        isDamaging = false;
        await world.SettleAsync();
        Assert.Equal(["one", "two"], bob.Texts);
        Assert.Equal(1, emitted.Sum("pulsemeet.e2e.messages.opened", "NotAuthentic"));
        Assert.Equal(
            ["peer", "this_device"],
            emitted.Measurements.Where(one => one.Instrument == "pulsemeet.e2e.sessions.repaired").Select(one => (string)Assert.Single(one.Tags).Value!).Order());
        Assert.Contains(emitted.Activities, activity => activity.DisplayName == "repair");
        AssertNobodyIsNamed(emitted);
    }

    [Fact]
    public async Task What_waits_is_measured_with_its_age_and_a_relay_that_does_not_answer_is_an_alert_until_it_does()
    {
        using var emitted = new EmittedTelemetry();
        await using var world = new World();
        using var health = new HealthMonitor(new HealthOptions(), world.Clock);
        (Member alice, Member bob) = await world.FriendsAsync();
        await alice.SayAsync("bob", "one");
        await world.SettleAsync();
        bool isAway = true;
        world.Relay.Before = (_, _) => isAway ? throw new E2EException(E2EError.RelayUnavailable) : Task.CompletedTask;
        await alice.SayAsync("bob", "two");
        await Assert.ThrowsAsync<E2EException>(() => alice.Client.SynchronizeAsync());
        world.Clock.Advance(TimeSpan.FromMinutes(3));
        await Assert.ThrowsAsync<E2EException>(() => alice.Client.SynchronizeAsync());
        Assert.Equal(1, emitted.Now(Length, "outbox"));
        Assert.Equal(180, emitted.Now(Age, "outbox"));
        world.Relay.Before = (_, call) => isAway && call == "receive" ? throw new E2EException(E2EError.RelayUnavailable) : Task.CompletedTask;
        await Assert.ThrowsAsync<E2EException>(() => bob.Client.SynchronizeAsync());
        Assert.Contains(HealthAlert.RelayUnreachable, health.Assess(new HealthFacts()));

        isAway = false;
        await alice.Client.SynchronizeAsync();
        Assert.Contains(HealthAlert.RelayUnreachable, health.Assess(new HealthFacts()));
        await bob.Client.SynchronizeAsync();
        Assert.DoesNotContain(HealthAlert.RelayUnreachable, health.Assess(new HealthFacts()));
        Assert.Equal(1, emitted.Now(Length, "inbox"));
        Assert.Equal(0, emitted.Now(Length, "outbox"));
        AssertNobodyIsNamed(emitted);
    }

    [Fact]
    public async Task Several_clients_of_a_process_are_measured_together_and_none_hides_another()
    {
        using var emitted = new EmittedTelemetry();
        await using var world = new World();
        using var health = new HealthMonitor(new HealthOptions(), world.Clock);
        (Member alice, Member bob) = await world.FriendsAsync();
        Member carol = await world.SignUpAsync("carol");
        await world.SettleAsync();
        Assert.Equal(1, emitted.Now(Relay));
        Assert.Equal(8, emitted.Now(PreKeys));

        // Alice's relay is away, and the others' is not; the last who is measured is one who is well.
        world.Relay.Before = (caller, _) => caller == alice.Address ? throw new E2EException(E2EError.RelayUnavailable) : Task.CompletedTask;
        await alice.SayAsync("bob", "one");
        await alice.SayAsync("bob", "two");
        await Assert.ThrowsAsync<E2EException>(() => alice.Client.SynchronizeAsync());
        world.Clock.Advance(TimeSpan.FromMinutes(2));
        await bob.SayAsync("alice", "three");
        await bob.Client.SynchronizeAsync();
        await carol.Client.SynchronizeAsync();
        Assert.Equal(0, emitted.Now(Relay));
        Assert.Contains(HealthAlert.RelayUnreachable, health.Assess(new HealthFacts()));
        Assert.Equal(2, emitted.Now(Length, "outbox"));
        Assert.Equal(120, emitted.Now(Age, "outbox"));
        Assert.NotNull(emitted.Now(Certificate));

        // One who has ended is not measured any more.
        await alice.Client.DisposeAsync();
        Assert.Equal(1, emitted.Now(Relay));
        Assert.DoesNotContain(HealthAlert.RelayUnreachable, health.Assess(new HealthFacts()));
        Assert.Equal(0, emitted.Now(Length, "outbox"));
        Assert.Equal(0, emitted.Now(Age, "outbox"));
        await bob.Client.DisposeAsync();
        await carol.Client.DisposeAsync();
        Assert.All(new[] { Relay, Certificate, PreKeys }, instrument => Assert.Null(emitted.Now(instrument)));
        Assert.Null(emitted.Now(Length, "outbox"));
    }

    [Fact]
    public async Task The_certificates_end_is_measured_and_raises_its_alert()
    {
        await using var world = new World();
        using var lax = new HealthMonitor(new HealthOptions(), world.Clock);
        using var strict = new HealthMonitor(new HealthOptions { CertificateWarning = TimeSpan.FromDays(10_000) }, world.Clock);
        Member alice = await world.SignUpAsync("alice");
        await alice.Client.SynchronizeAsync();
        Assert.DoesNotContain(HealthAlert.CertificateEnding, lax.Assess(new HealthFacts()));
        Assert.Contains(HealthAlert.CertificateEnding, strict.Assess(new HealthFacts()));
    }

    [Fact]
    public async Task A_client_looks_at_what_its_key_exchange_rests_on()
    {
        await using var world = new World();
        Member alice = await world.SignUpAsync("alice");
        await alice.Client.SynchronizeAsync();
        SecureKeyExchangeReport report = await alice.Client.VerifySecureKeyExchangeAsync();
        Assert.True(report.IsRight, string.Join(", ", report.Failures.Select(check => check.Name)));
        Assert.Contains(report.Checks, check => check.Name == "published prekeys");
        Assert.Contains(report.Checks, check => check.Name == "published device list");
    }

    private static void AssertNobodyIsNamed(EmittedTelemetry emitted)
    {
        emitted.Observe();
        string all = string.Join('\n', emitted.Measurements.SelectMany(one => one.Tags).Concat(emitted.Activities.SelectMany(one => one.TagObjects))
            .Select(tag => $"{tag.Key}={tag.Value}"));
        Assert.DoesNotContain("alice", all, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("bob", all, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("phone", all, StringComparison.OrdinalIgnoreCase);
    }
}
