using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Derivation;

/// <summary>A caller's mistake is named before anything is derived, and every option has both its ends.</summary>
public sealed class DerivationArguments : IDisposable
{
    private static readonly ConversationContext s_context = new("dm_1_2");
    private readonly TestClock _clock = new();
    private readonly KeyDerivationService _derivation;
    private readonly X25519KeyPair _own = X25519KeyPair.Generate();
    private readonly MasterKey _master = MasterKey.Generate();
    private readonly MediaKey _media = MediaKey.Generate();

    public DerivationArguments() => _derivation = new KeyDerivationService(new KeyDerivationOptions(), _clock);

    public void Dispose()
    {
        _own.Dispose();
        _master.Dispose();
        _media.Dispose();
    }

    [Fact]
    public void What_is_missing_is_named()
    {
        X25519PublicKey peer = _own.PublicKey;
        var device = new DeviceAddress("alice", "phone");
        (string Name, Action Call)[] calls =
        [
            ("options", () => _ = new KeyDerivationService(null!, _clock)),
            ("time", () => _ = new KeyDerivationService(new KeyDerivationOptions(), null!)),
            ("own", () => _derivation.DeriveConversationKeys(null!, peer, s_context)),
            ("peer", () => _derivation.DeriveConversationKeys(_own, null!, s_context)),
            ("context", () => _derivation.DeriveConversationKeys(_own, peer, null!)),
            ("current", () => _derivation.RotateConversationKeys(_own, peer, null!)),
            ("own", () => _derivation.DeriveArchiveKey(null!, peer, s_context)),
            ("context", () => _derivation.DeriveArchiveKey(new byte[32], null!)),
            ("media", () => _derivation.DeriveMediaFileKey(null!, "file")),
            ("master", () => _derivation.DeriveDeviceKey(null!, device)),
            ("device", () => _derivation.DeriveDeviceKey(_master, null!)),
            ("master", () => _derivation.DeriveBackupKey(null!, "alice", "part 1")),
            ("derivation", () => _ = new ConversationKeyCache(null!, new ConversationKeyCacheOptions(), _clock)),
            ("options", () => _ = new ConversationKeyCache(_derivation, null!, _clock)),
            ("time", () => _ = new ConversationKeyCache(_derivation, new ConversationKeyCacheOptions(), null!)),
        ];
        Assert.All(calls, call => Assert.Equal(call.Name, Assert.Throws<ArgumentNullException>(call.Call).ParamName));
    }

    [Fact]
    public void A_name_has_as_many_bytes_as_its_field_and_not_one_more()
    {
        string id = new('u', DeviceAddress.MaxIdSize);
        string field = new('f', KeySchedule.MaxFieldSize);
        _derivation.DeriveMediaFileKey(_media, field).Dispose();
        _derivation.DeriveBackupKey(_master, id, field).Dispose();
        _derivation.DeriveDeviceKey(_master, new DeviceAddress(id, id)).Dispose();
        Assert.Throws<ArgumentException>(() => _derivation.DeriveMediaFileKey(_media, field + "f"));
        Assert.Throws<ArgumentException>(() => _derivation.DeriveBackupKey(_master, id, field + "f"));
        Assert.Throws<ArgumentException>(() => _derivation.DeriveBackupKey(_master, id + "u", field));
        Assert.Throws<ArgumentException>(() => _derivation.DeriveArchiveKey(new byte[31], s_context));
        Assert.Throws<ArgumentException>(() => _derivation.DeriveArchiveKey(new byte[33], s_context));
    }

    [Fact]
    public void Every_option_is_taken_at_both_its_ends_and_refused_beyond_them()
    {
        TimeSpan least = TimeSpan.FromTicks(1);
        Make(new() { RotationInterval = least });
        Make(new() { RotationInterval = TimeSpan.FromDays(3650) });
        Assert.ThrowsAny<ArgumentException>(() => Make(new() { RotationInterval = TimeSpan.Zero }));
        Assert.ThrowsAny<ArgumentException>(() => Make(new() { RotationInterval = TimeSpan.FromDays(3650) + least }));
        Assert.Equal(256, new ConversationKeyCacheOptions().Capacity);
        Assert.Equal(TimeSpan.FromMinutes(10), new ConversationKeyCacheOptions().Expiry);
        foreach (ConversationKeyCacheOptions options in new ConversationKeyCacheOptions[]
            {
                new() { Capacity = 1 }, new() { Capacity = ConversationKeyCacheOptions.MaxCapacity },
                new() { Expiry = TimeSpan.FromSeconds(1) }, new() { Expiry = TimeSpan.FromDays(1) },
                new() { RotationInterval = TimeSpan.FromMinutes(1) }, new() { RotationInterval = TimeSpan.FromDays(3650) },
            })
        {
            new ConversationKeyCache(_derivation, options, TimeProvider.System).Dispose();
        }

        foreach (ConversationKeyCacheOptions options in new ConversationKeyCacheOptions[]
            {
                new() { Capacity = 0 }, new() { Capacity = ConversationKeyCacheOptions.MaxCapacity + 1 },
                new() { Expiry = TimeSpan.FromSeconds(1) - least }, new() { Expiry = TimeSpan.FromDays(1) + least },
                new() { RotationInterval = TimeSpan.FromMinutes(1) - least }, new() { RotationInterval = TimeSpan.FromDays(3650) + least },
            })
        {
            Assert.ThrowsAny<ArgumentException>(() => new ConversationKeyCache(_derivation, options, TimeProvider.System));
        }
    }

    [Fact]
    public void All_three_keys_go_with_the_conversations()
    {
        ConversationKeys keys = _derivation.DeriveConversationKeys(_own, _own.PublicKey, s_context);
        keys.Dispose();
        foreach (SecretKey key in new SecretKey[] { keys.Conversation, keys.Media, keys.Authentication })
        {
            Assert.Throws<ObjectDisposedException>(() => Forge.BytesOf(key));
        }
    }

    private void Make(KeyDerivationOptions options) => _ = new KeyDerivationService(options, _clock);
}
