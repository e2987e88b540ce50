using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.PreKeys;

/// <summary>Attacks 14 and 41: a private prekey is zeroed when it has been used, is over its time or beyond the bound, and with its
/// owner; whoever takes the memory later opens nothing with it.</summary>
public sealed class PreKeyZeroing
{
    private readonly TestClock _clock = new();
    private readonly Party _alice;
    private readonly Party _bob;

    public PreKeyZeroing() => (_alice, _bob) = (new Party("alice", _clock), new Party("bob", _clock));

    private PreKeyVault Vault => _bob.PreKeys.Vault;

    [Fact]
    public void A_one_time_pair_is_zeroed_when_the_first_message_that_used_it_has_opened()
    {
        PreKeyBundle bundle = _bob.Bundle();
        HeldPreKeyPair held = Vault.OneTimePairs[bundle.OneTimePair!.Id];
        (byte[] curve, byte[] seed) = PrivateKeysOf(held);
        byte[] first = _alice.Initiate(_bob, bundle).Seal("hi"u8);
        using var zeroed = new ZeroedMemory();
        _bob.Accept(_alice, first);
        Assert.True(zeroed.Saw(seed));
        Assert.Throws<ObjectDisposedException>(() => PrivateKeysOf(held));
        Assert.True(zeroed.Saw(curve));
    }

    [Fact]
    public void A_generation_that_is_over_is_zeroed_with_its_one_time_pairs()
    {
        _bob.Publish();
        (byte[] curve, byte[] seed) = PrivateKeysOf(Vault.Current.Pair);
        (byte[] oneTimeCurve, byte[] oneTimeSeed) = PrivateKeysOf(Vault.OneTimePairs.Values.First());
        _clock.Advance(TimeSpan.FromDays(30));
        _bob.Publish();
        _clock.Advance(TimeSpan.FromDays(30) + TimeSpan.FromSeconds(1));
        using var zeroed = new ZeroedMemory();
        _bob.Publish();
        Assert.True(zeroed.Saw(curve) && zeroed.Saw(seed) && zeroed.Saw(oneTimeCurve) && zeroed.Saw(oneTimeSeed));
    }

    [Fact]
    public void The_oldest_one_time_pair_is_zeroed_when_there_are_too_many()
    {
        using var vault = new PreKeyVault();
        DateTimeOffset now = _clock.GetUtcNow();
        vault.AddCurrent(_bob.Identity.SigningKey, now, SharedProfile.Default);
        vault.AddOneTimePairs(PreKeyVault.MaxOneTimeHeld, _bob.Identity.SigningKey, now);
        (byte[] curve, byte[] seed) = PrivateKeysOf(vault.OneTimePairs.Values.First());
        using var zeroed = new ZeroedMemory();
        vault.AddOneTimePairs(1, _bob.Identity.SigningKey, now);
        Assert.True(zeroed.Saw(curve) && zeroed.Saw(seed));
    }

    [Fact]
    public void All_of_them_are_zeroed_with_their_owner()
    {
        _bob.Publish();
        (byte[] Curve, byte[] Seed)[] all = [.. Vault.OneTimePairs.Values.Append(Vault.Current.Pair).Select(PrivateKeysOf)];
        Assert.Equal(3, all.Length);
        using var zeroed = new ZeroedMemory();
        _bob.PreKeys.Dispose();
        Assert.All(all, keys => Assert.True(zeroed.Saw(keys.Curve) && zeroed.Saw(keys.Seed)));
    }

    private static (byte[] Curve, byte[] Seed) PrivateKeysOf(HeldPreKeyPair pair)
    {
        byte[] keys = new byte[X25519KeyPair.PrivateKeySize + MlKemKeyPair.SeedSize];
        var writer = new SpanWriter(keys);
        pair.WritePrivateKeys(ref writer);
        return (keys[..X25519KeyPair.PrivateKeySize], keys[X25519KeyPair.PrivateKeySize..]);
    }
}
