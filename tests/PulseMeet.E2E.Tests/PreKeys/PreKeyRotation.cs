using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.PreKeys;

/// <summary>Signed prekeys rotate on the clock, and retired ones still open what was under way.</summary>
public sealed class PreKeyRotation
{
    private readonly TestClock _clock = new();
    private readonly Party _alice;
    private readonly Party _bob;

    public PreKeyRotation() => (_alice, _bob) = (new Party("alice", _clock), new Party("bob", _clock));

    [Fact]
    public void The_signed_and_the_last_resort_prekey_rotate_after_30_days()
    {
        PreKeyPublication first = _bob.Publish();
        _clock.Advance(TimeSpan.FromDays(30) - TimeSpan.FromSeconds(1));
        Assert.False(_bob.PreKeys.IsPublicationDue(new OneTimePreKeyCount(2, 2)));
        Assert.Equal(first.SignedPreKey.Id, _bob.Publish().SignedPreKey.Id);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(_bob.PreKeys.IsPublicationDue(new OneTimePreKeyCount(2, 2)));
        PreKeyPublication second = _bob.Publish();
        Assert.NotEqual(first.SignedPreKey.Key, second.SignedPreKey.Key);
        Assert.NotEqual(first.LastResortPreKey.Key, second.LastResortPreKey.Key);
    }

    [Fact]
    public void A_first_message_under_a_retired_prekey_opens_during_its_retirement_and_not_after()
    {
        PreKeyBundle bundle = _bob.Bundle(oneTime: false, lastResort: true);
        byte[] inTime = _alice.Initiate(_bob, bundle).Seal("in time"u8);
        byte[] tooLate = _alice.Initiate(_bob, bundle).Seal("too late"u8);
        _clock.Advance(TimeSpan.FromDays(30));
        _bob.Publish();
        _clock.Advance(TimeSpan.FromDays(30));
        Assert.Equal("in time"u8.ToArray(), _bob.Accept(_alice, inTime).Plaintext.ToArray());
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(E2EError.UnknownPreKey, Refusal.Of(() => _bob.Accept(_alice, tooLate)));
    }

    [Fact]
    public void A_rotation_that_fails_for_a_disposed_signer_leaves_prekeys_that_read_again()
    {
        _bob.Publish();
        byte[] identity = _bob.Identity.Serialize();
        _clock.Advance(TimeSpan.FromDays(30));
        _bob.Identity.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _bob.Publish());

        using DeviceIdentity again = DeviceIdentity.Deserialize(identity);
        using DevicePreKeys read = DevicePreKeys.Deserialize(_bob.PreKeys.Serialize(), again, _bob.PreKeyOptions, _clock);
        Assert.True(read.IsPublicationDue(new OneTimePreKeyCount(2, 2)));
    }

    [Fact]
    public void A_rotation_that_fails_for_want_of_ids_leaves_prekeys_that_read_again()
    {
        using var vault = new PreKeyVault();
        vault.AddCurrent(_bob.Identity.SigningKey, _clock.GetUtcNow());
        vault.NextId = uint.MaxValue;
        Assert.Equal(
            E2EError.LimitExceeded, Refusal.Of(() => vault.AddCurrent(_bob.Identity.SigningKey, _clock.GetUtcNow())));
        using PreKeyVault read = PreKeyVaultCodec.Read(PreKeyVaultCodec.Write(vault), _bob.Identity);
        Assert.Equal(vault.Current.SignedPreKey.Id, read.Current.SignedPreKey.Id);
    }

    [Fact]
    public void A_one_time_prekey_that_cannot_be_signed_is_not_held()
    {
        using var vault = new PreKeyVault();
        _bob.Identity.Dispose();
        Assert.Throws<ObjectDisposedException>(
            () => vault.AddOneTimeKem(1, _bob.Identity.SigningKey, _clock.GetUtcNow()));
        Assert.Empty(vault.OneTimeKem);
    }

    [Fact]
    public void Prekeys_made_while_the_clock_was_ten_years_ahead_rotate_and_are_dropped_once_it_is_set_back()
    {
        TimeSpan tenYears = TimeSpan.FromDays(3652);
        _clock.Advance(tenYears);
        using DevicePreKeys preKeys = DevicePreKeys.Create(_bob.Identity, _bob.PreKeyOptions, _clock);
        uint ahead = preKeys.Publish(new OneTimePreKeyCount(0, 0)).SignedPreKey.Id;
        _clock.Advance(-tenYears);
        Assert.True(preKeys.IsPublicationDue(new OneTimePreKeyCount(2, 2)));
        Assert.NotEqual(ahead, preKeys.Publish(new OneTimePreKeyCount(2, 2)).SignedPreKey.Id);
        Assert.False(preKeys.IsPublicationDue(new OneTimePreKeyCount(2, 2)));
    }

    [Fact]
    public void A_prekey_retired_in_the_future_is_dropped_a_retirement_after_the_clock_was_set_back()
    {
        using var vault = new PreKeyVault();
        DateTimeOffset now = _clock.GetUtcNow();
        vault.AddCurrent(_bob.Identity.SigningKey, now);
        vault.AddCurrent(_bob.Identity.SigningKey, now + TimeSpan.FromDays(3652));
        vault.DropRetired(now, TimeSpan.FromDays(30));
        Assert.Equal(2, vault.Generations.Count);
        vault.DropRetired(now + TimeSpan.FromDays(30), TimeSpan.FromDays(30));
        Assert.Equal(2, vault.Generations.Count);
        vault.DropRetired(now + TimeSpan.FromDays(30) + TimeSpan.FromSeconds(1), TimeSpan.FromDays(30));
        Assert.Single(vault.Generations);
    }

    [Fact]
    public void Disposed_prekeys_publish_nothing()
    {
        _bob.PreKeys.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _bob.Publish());
        Assert.Throws<ObjectDisposedException>(() => _bob.PreKeys.IsPublicationDue(new OneTimePreKeyCount(2, 2)));
    }

    [Fact]
    public void Only_what_the_directory_lacks_is_made_and_no_id_is_given_twice()
    {
        PreKeyPublication first = _bob.PreKeys.Publish(new OneTimePreKeyCount(0, 1));
        PreKeyPublication second = _bob.PreKeys.Publish(new OneTimePreKeyCount(2, 0));
        Assert.Equal(2, first.OneTimePreKeys.Count);
        Assert.Single(first.OneTimeKemPreKeys);
        Assert.Empty(second.OneTimePreKeys);
        Assert.Equal(2, second.OneTimeKemPreKeys.Count);
        uint[] ids =
        [
            .. first.OneTimePreKeys.Concat(second.OneTimePreKeys).Select(preKey => preKey.Id),
            .. first.OneTimeKemPreKeys.Concat(second.OneTimeKemPreKeys).Select(preKey => preKey.Id),
            first.SignedPreKey.Id, first.LastResortPreKey.Id,
        ];
        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    [Fact]
    public void Prekeys_that_are_never_used_do_not_pile_up_without_bound()
    {
        var party = new Party("carol", _clock, oneTimePreKeys: PreKeyOptions.MaxOneTimePreKeys);
        using var vault = new PreKeyVault();
        vault.AddCurrent(party.Identity.SigningKey, _clock.GetUtcNow());
        vault.AddOneTime(PreKeyVault.MaxOneTimeHeld + 5);
        Assert.Equal(PreKeyVault.MaxOneTimeHeld, vault.OneTime.Count);
        Assert.DoesNotContain(3u, vault.OneTime.Keys);
    }
}
