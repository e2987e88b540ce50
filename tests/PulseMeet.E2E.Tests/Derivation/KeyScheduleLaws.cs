using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Legacy;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Derivation;

/// <summary>An identifier: 1 to 40 characters of several scripts.</summary>
public sealed record Id(string Value);

/// <summary>Generates identifiers, with separators and digits that would collide under plain concatenation.</summary>
public static class IdGenerator
{
    public static Arbitrary<Id> Ids() =>
        (from length in Gen.Choose(1, 40)
         from runes in Gen.ArrayOf(Gen.Elements("a", "b", "_", "-", "0", "1", "dm_", "é", "👋", " "), length)
         select new Id(string.Concat(runes))).ToArbitrary();
}

/// <summary>The laws of the current key schedule (attack 32).</summary>
public sealed class KeyScheduleLaws : IDisposable
{
    private readonly KeyDerivationService _service = new(new KeyDerivationOptions(), new TestClock());
    private readonly X25519KeyPair _alice = X25519KeyPair.Generate();
    private readonly X25519KeyPair _bob = X25519KeyPair.Generate();

    [Property(MaxTest = 50, Arbitrary = [typeof(IdGenerator)])]
    public bool Agreement_is_symmetric(Id conversation, bool pulse, uint epoch)
    {
        using X25519KeyPair a = _service.GenerateKeyPair();
        using X25519KeyPair b = _service.GenerateKeyPair();
        var context = new ConversationContext(
            conversation.Value, pulse ? ConversationKind.Pulse : ConversationKind.Direct, epoch);
        using ConversationKeys ofA = _service.DeriveConversationKeys(a, b.PublicKey, context);
        using ConversationKeys ofB = _service.DeriveConversationKeys(b, a.PublicKey, context);
        using ArchiveKey archiveOfA = _service.DeriveArchiveKey(a, b.PublicKey, context);
        using ArchiveKey archiveOfB = _service.DeriveArchiveKey(b, a.PublicKey, context);
        return ofA.Conversation.FixedTimeEquals(ofB.Conversation)
            && ofA.Media.FixedTimeEquals(ofB.Media)
            && ofA.Authentication.FixedTimeEquals(ofB.Authentication)
            && archiveOfA.FixedTimeEquals(archiveOfB);
    }

    [Property(MaxTest = 50, Arbitrary = [typeof(IdGenerator)])]
    public bool Every_part_of_the_context_and_every_purpose_gives_another_key(Id first, Id second, uint epoch)
    {
        using X25519KeyPair carol = X25519KeyPair.Generate();
        var salted = new KeyDerivationService(new KeyDerivationOptions { Salt = "another app" }, new TestClock());
        var context = new ConversationContext(first.Value, ConversationKind.Direct, epoch);
        List<ConversationKeys> derived =
        [
            _service.DeriveConversationKeys(_alice, _bob.PublicKey, context),
            _service.DeriveConversationKeys(_alice, _bob.PublicKey, new(first.Value, ConversationKind.Pulse, epoch)),
            _service.DeriveConversationKeys(_alice, _bob.PublicKey, context.NextEpoch()),
            _service.DeriveConversationKeys(_alice, carol.PublicKey, context),
            _service.DeriveConversationKeys(carol, _bob.PublicKey, context),
            salted.DeriveConversationKeys(_alice, _bob.PublicKey, context),
        ];
        if (first != second)
        {
            derived.Add(_service.DeriveConversationKeys(_alice, _bob.PublicKey, new(second.Value, ConversationKind.Direct, epoch)));
        }

        List<string> keys =
        [
            .. derived.SelectMany(keys => new SecretKey[] { keys.Conversation, keys.Media, keys.Authentication }).Select(Hex),
            Hex(_service.DeriveArchiveKey(_alice, _bob.PublicKey, context)),
            Hex(_service.DeriveArchiveKey(new byte[32], context)),
        ];
        return keys.Distinct().Count() == keys.Count;
    }

    [Property(MaxTest = 200, Arbitrary = [typeof(IdGenerator)])]
    public bool No_two_divisions_of_the_same_text_into_fields_give_one_key(Id id, byte cut, byte otherCut)
    {
        List<Rune> runes = [.. id.Value.EnumerateRunes().Take(16)]; // at most 64 bytes, a device id
        string Part(int from, int to) => string.Concat(runes.Skip(from).Take(to - from));
        if (runes.Count < 3)
        {
            return true;
        }

        int one = 1 + (cut % (runes.Count - 1));
        int two = 1 + (otherCut % (runes.Count - 1));
        using var master = MasterKey.Import(new byte[32]);
        string First(int at) => Hex(_service.DeriveDeviceKey(master, new DeviceAddress(Part(0, at), Part(at, runes.Count))));
        string Second(int at) => Hex(_service.DeriveBackupKey(master, Part(0, at), Part(at, runes.Count)));
        return (one == two) == (First(one) == First(two)) && (one == two) == (Second(one) == Second(two)) && First(one) != Second(one);
    }

    [Fact]
    public void Device_and_backup_and_media_file_keys_of_the_same_names_differ()
    {
        byte[] secret = new byte[32];
        using var master = MasterKey.Import(secret);
        using var media = MediaKey.Import(secret);
        string[] keys =
        [
            Hex(_service.DeriveDeviceKey(master, new DeviceAddress("a", "b"))),
            Hex(_service.DeriveBackupKey(master, "a", "b")),
            Hex(_service.DeriveMediaFileKey(media, "a")),
            Hex(_service.DeriveMediaFileKey(media, "b")),
            Hex(_service.DeriveArchiveKey(secret, new ConversationContext("a"))),
        ];
        Assert.Equal(keys.Length, keys.Distinct().Count());
    }

    [Fact]
    public void Rotation_gives_the_next_epochs_keys()
    {
        var context = new ConversationContext("c", ConversationKind.Direct, 7);
        using ConversationKeys rotated = _service.RotateConversationKeys(_alice, _bob.PublicKey, context);
        using ConversationKeys direct = _service.DeriveConversationKeys(_bob, _alice.PublicKey, new("c", ConversationKind.Direct, 8));
        Assert.Equal(8u, rotated.Context.Epoch);
        Assert.True(rotated.Conversation.FixedTimeEquals(direct.Conversation));
        Assert.Throws<OverflowException>(() => new ConversationContext("c", ConversationKind.Direct, ulong.MaxValue).NextEpoch());
    }

    [Fact]
    public void Rotation_is_due_after_30_days_on_the_services_clock()
    {
        var clock = new TestClock();
        var service = new KeyDerivationService(new KeyDerivationOptions(), clock);
        DateTimeOffset established = clock.GetUtcNow();
        clock.Advance(TimeSpan.FromDays(30) - TimeSpan.FromTicks(1));
        Assert.False(service.IsRotationDue(established));
        clock.Advance(TimeSpan.FromTicks(1));
        Assert.True(service.IsRotationDue(established));
    }

    [Fact]
    public void A_non_contributory_agreement_is_refused_in_every_derivation()
    {
        var lowOrder = new X25519PublicKey(new byte[32]);
        var context = new ConversationContext("c");
        var legacy = new LegacyKeyDerivation();
        Action[] derivations =
        [
            () => _service.DeriveConversationKeys(_alice, lowOrder, context),
            () => _service.RotateConversationKeys(_alice, lowOrder, context),
            () => _service.DeriveArchiveKey(_alice, lowOrder, context),
            () => legacy.DeriveV0ConversationKey(_alice, lowOrder, "c"),
            () => legacy.DeriveV1ConversationKey(_alice, lowOrder, "c"),
            () => legacy.DeriveV1RotatedKey(_alice, lowOrder, "c", DateTimeOffset.UnixEpoch),
        ];
        Assert.All(derivations, derive => Assert.Equal(E2EError.InvalidPublicKey, Refusal.Of(derive)));
    }

    [Fact]
    public void A_callers_mistakes_are_argument_exceptions()
    {
        Assert.Throws<ArgumentException>(() => new ConversationContext(string.Empty));
        Assert.Throws<ArgumentException>(() => new ConversationContext(new string('x', 256)));
        Assert.Throws<ArgumentException>(() => new ConversationContext("\ud800"));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConversationContext("c", (ConversationKind)9));
        Assert.Throws<ArgumentException>(() => new DeviceAddress("u", new string('é', 33)));
        Assert.Throws<ArgumentException>(() => _service.DeriveArchiveKey(new byte[31], new ConversationContext("c")));
        Assert.Throws<ArgumentException>(() => ConversationKey.Import(new byte[31]));
        Assert.Throws<ArgumentException>(() => new KeyDerivationService(new KeyDerivationOptions { Salt = string.Empty }, new TestClock()));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new KeyDerivationService(new KeyDerivationOptions { RotationInterval = TimeSpan.Zero }, new TestClock()));
    }

    public void Dispose()
    {
        _alice.Dispose();
        _bob.Dispose();
    }

    private static string Hex(SecretKey key)
    {
        byte[] bytes = new byte[key.Size];
        key.Export(bytes);
        return Convert.ToHexString(bytes);
    }
}
