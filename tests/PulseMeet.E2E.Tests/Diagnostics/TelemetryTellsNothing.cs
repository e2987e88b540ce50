using System.Diagnostics;
using System.Text.RegularExpressions;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Diagnostics;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Sealing;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Diagnostics;

/// <summary>Measurements of other tests would be counted too.</summary>
[CollectionDefinition(nameof(TelemetryTellsNothing), DisableParallelization = true)]
public sealed class TelemetryAlone;

/// <summary>Attack 35: what is emitted says how many and how long, and nothing of who, which key, or what.</summary>
[Collection(nameof(TelemetryTellsNothing))]
public sealed partial class TelemetryTellsNothing
{
    private const string Alice = "alice-5f1d0c9be2";
    private const string Bob = "bob-77aa01c4d3";
    private const string Phone = "phone-91ce55";
    private const string Text = "Meet me at the pier at nine.";

    private static readonly string[] s_kinds = ["conversation", "archive", "media_file", "device", "backup"];

    private static readonly string[] s_roles = ["initiator", "responder"];

    [Fact]
    public void Every_tag_has_one_of_a_few_fixed_values()
    {
        using var emitted = new EmittedTelemetry();
        RunEverything();
        emitted.Observe();
        KeyValuePair<string, object?>[] tags =
        [
            .. emitted.Measurements.SelectMany(measurement => measurement.Tags), .. emitted.Activities.SelectMany(activity => activity.TagObjects),
        ];
        Assert.True(tags.Length > 10);
        Assert.All(tags, tag => Assert.Contains((string?)tag.Value, (IEnumerable<string>)(tag.Key switch
        {
            "error.type" => Enum.GetNames<E2EError>(),
            "pulsemeet.e2e.derivation.kind" => s_kinds,
            "pulsemeet.e2e.handshake.role" => s_roles,
            "pulsemeet.e2e.missing.state" => ["asked_for", "lost"],
            "pulsemeet.e2e.repair.by" => ["this_device", "peer"],
            "pulsemeet.e2e.commit.by" => ["this_device", "other_device"],
            "pulsemeet.e2e.queue" => ["outbox", "inbox"],
            "pulsemeet.e2e.alert" => Enum.GetNames<HealthAlert>(),
            _ => [],
        })));
        Assert.All(emitted.Activities, activity => Assert.Contains(activity.DisplayName, new[] { "handshake initiate", "handshake accept", "repair" }));
        Assert.All(emitted.Activities, activity => Assert.Empty(activity.Baggage));
        Assert.All(emitted.Activities, activity => Assert.Empty(activity.Events));
    }

    [Fact]
    public void No_id_no_key_no_digest_and_no_text_stands_in_any_name_tag_or_value()
    {
        using var emitted = new EmittedTelemetry();
        string[] secrets = RunEverything();
        emitted.Observe();
        string all = string.Join(
            '\n',
            emitted.Measurements.Select(one => $"{one.Instrument} {one.Value:R} {string.Join(' ', one.Tags.Select(tag => $"{tag.Key}={tag.Value}"))}")
                .Concat(emitted.Instruments.Select(one => $"{one.Name} {one.Description} {one.Unit}"))
                .Concat(emitted.Activities.Select(one =>
                    $"{one.OperationName} {one.DisplayName} {one.StatusDescription} {string.Join(' ', one.TagObjects.Select(tag => $"{tag.Key}={tag.Value}"))}")));
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, all, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotMatch("[0-9A-Fa-f]{16}|[A-Za-z0-9+/]{40}", Instrument().Replace(all, string.Empty));
    }

    [Fact]
    public void Names_and_units_are_OpenTelemetrys()
    {
        using var emitted = new EmittedTelemetry();
        RunEverything();
        Assert.Equal(19, emitted.Instruments.Count);
        Assert.All(emitted.Instruments, instrument =>
        {
            Assert.Matches("^pulsemeet\\.e2e(\\.[a-z_]+)+$", instrument.Name);
            Assert.Matches("^(s|\\{[a-z]+\\})$", instrument.Unit);
            Assert.False(string.IsNullOrEmpty(instrument.Description));
        });
    }

    [Fact]
    public void Each_thing_that_happens_is_counted_with_its_result()
    {
        using var emitted = new EmittedTelemetry();
        var clock = new TestClock();
        var alice = new Party(Alice, clock);
        var bob = new Party(Bob, clock);
        using RatchetSession alices = alice.Initiate(bob, bob.Bundle());
        byte[] first = alices.Seal("one"u8);
        using RatchetSession bobs = bob.Accept(alice, first).Session;
        bobs.Seal("back"u8);
        byte[][] more = [.. Enumerable.Range(0, 4).Select(_ => alices.Seal("more"u8))];
        bobs.Open(more[3]);
        Assert.Equal(E2EError.DuplicateMessage, Refusal.Of(() => bobs.Open(more[3])));
        more[2][^1] ^= 1;
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => bobs.Open(more[2])));
        Assert.Equal(E2EError.ReplayedHandshake, Refusal.Of(() => bob.Accept(alice, first)));
        bob.PreKeys.IsPublicationDue(new DirectoryState(5, default));

        Assert.Equal(2, emitted.Sum("pulsemeet.e2e.handshakes"));
        Assert.Equal(1, emitted.Sum("pulsemeet.e2e.handshakes", "ReplayedHandshake"));
        Assert.Equal(6, emitted.Sum("pulsemeet.e2e.messages.sealed"));
        Assert.Equal(2, emitted.Sum("pulsemeet.e2e.messages.opened"));
        Assert.Equal(1, emitted.Sum("pulsemeet.e2e.messages.opened", "DuplicateMessage"));
        Assert.Equal(1, emitted.Sum("pulsemeet.e2e.messages.opened", "NotAuthentic"));
        Assert.Equal(3, emitted.Sum("pulsemeet.e2e.ratchet.skipped_keys"));
        Assert.Equal(2, emitted.Activities.Count(activity => activity.Status == ActivityStatusCode.Unset));
        Assert.Single(emitted.Activities, activity => activity.Status == ActivityStatusCode.Error);
        Assert.Equal(5, emitted.Now("pulsemeet.e2e.prekeys.left"));
        bob.PreKeys.Dispose();
        Assert.Null(emitted.Now("pulsemeet.e2e.prekeys.left"));
    }

    [Fact]
    public void Every_derivation_has_a_duration()
    {
        using var emitted = new EmittedTelemetry();
        Derive();
        (string Instrument, double Value, KeyValuePair<string, object?>[] Tags)[] durations =
            [.. emitted.Measurements.Where(one => one.Instrument == "pulsemeet.e2e.derivation.duration")];
        Assert.Equal(s_kinds.Append("archive").Order(), durations.Select(one => (string)Assert.Single(one.Tags).Value!).Order());
        Assert.All(durations, one => Assert.InRange(one.Value, double.Epsilon, 60));
    }

    /// <summary>Handshakes, messages, failures, derivations and single messages; gives all that nobody may see.</summary>
    private static string[] RunEverything()
    {
        var clock = new TestClock();
        var alice = new Party(Alice, clock, deviceId: Phone);
        var bob = new Party(Bob, clock);
        byte[] text = System.Text.Encoding.UTF8.GetBytes(Text);
        using RatchetSession alices = alice.Initiate(bob, bob.Bundle());
        byte[] first = alices.Seal(text);
        using RatchetSession bobs = bob.Accept(alice, first).Session;
        byte[] answer = bobs.Seal(text);
        alices.Open(answer);
        _ = Refusal.Of(() => alices.Open(answer));
        _ = Refusal.Of(() => alices.Open(first));
        _ = Refusal.Of(() => alices.Open(text));
        _ = Refusal.Of(() => bob.Accept(alice, first));
        _ = Refusal.Of(() => alice.Initiate(bob, alice.Bundle()));
        bobs.Seal(text);
        alices.Open(bobs.Seal(text));
        bob.PreKeys.IsPublicationDue(new DirectoryState(3, default));
        Derive();
        using (var monitor = new HealthMonitor(new HealthOptions(), clock))
        {
            Assert.Equal([HealthAlert.PreKeysRunningOut, HealthAlert.PlaintextKeys], monitor.Assess(new HealthFacts { PlaintextKeys = 1 }));
        }

        using ConversationKey key = ConversationKey.Import(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));
        var sealer = new MessageSealer(new MessageSealingOptions());
        var context = new MessageContext("conversation-40ab", Alice, Bob, "message-88f1");
        byte[] message = sealer.Seal(key, text, context);
        sealer.Open(key, message, context);
        message[^1] ^= 1;
        _ = Refusal.Of(() => sealer.Open(key, message, context));

        byte[][] bytes =
        [
            alice.Account.PublicKey.ToArray(), bob.Account.PublicKey.ToArray(), alice.Identity.Certificate.IdentityKey.ToArray(),
            bob.Identity.Certificate.SigningKey.ToArray(), first, answer, message, System.Security.Cryptography.SHA256.HashData(first),
            System.Security.Cryptography.SHA256.HashData(text),
        ];
        return
        [
            Alice, Bob, Phone, Text, "pier", "conversation-40ab", "message-88f1", "media-66d2", "backup-3e9a",
            .. bytes.Select(one => Convert.ToHexString(one)[..16]), .. bytes.Select(one => Convert.ToBase64String(one)[..12]),
        ];
    }

    private static void Derive()
    {
        var service = new KeyDerivationService(new KeyDerivationOptions(), new TestClock());
        using X25519KeyPair own = X25519KeyPair.Generate();
        using X25519KeyPair peer = X25519KeyPair.Generate();
        using MasterKey master = MasterKey.Generate();
        var context = new ConversationContext("conversation-40ab");
        using ConversationKeys keys = service.DeriveConversationKeys(own, peer.PublicKey, context);
        service.DeriveMediaFileKey(keys.Media, "media-66d2").Dispose();
        service.DeriveArchiveKey(own, peer.PublicKey, context).Dispose();
        service.DeriveArchiveKey(new byte[32], context).Dispose();
        service.DeriveDeviceKey(master, new DeviceAddress(Alice, Phone)).Dispose();
        service.DeriveBackupKey(master, Alice, "backup-3e9a").Dispose();
    }

    [GeneratedRegex("pulsemeet[a-z_.]+|[A-Za-z]+Handshake")]
    private static partial Regex Instrument();
}
