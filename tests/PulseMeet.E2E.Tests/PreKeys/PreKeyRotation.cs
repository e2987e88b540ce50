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
    public void The_signed_pair_rotates_after_30_days()
    {
        PreKeyPublication first = _bob.Publish();
        _clock.Advance(TimeSpan.FromDays(30) - TimeSpan.FromSeconds(1));
        Assert.False(_bob.PreKeys.IsPublicationDue(_bob.Full));
        Assert.Equal(first.SignedPair.Id, _bob.Publish().SignedPair.Id);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(_bob.PreKeys.IsPublicationDue(_bob.Full));
        PreKeyPublication second = _bob.Publish();
        Assert.NotEqual(first.SignedPair.CurveKey, second.SignedPair.CurveKey);
        Assert.NotEqual(first.SignedPair.KemKey, second.SignedPair.KemKey);
    }

    [Fact]
    public void A_first_message_under_a_retired_prekey_opens_during_its_retirement_and_not_after()
    {
        PreKeyBundle bundle = _bob.Bundle(oneTime: false);
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
        Assert.True(read.IsPublicationDue(new DirectoryState(2, read.PublicationHash)));
    }

    [Fact]
    public void A_rotation_that_fails_for_want_of_ids_leaves_prekeys_that_read_again()
    {
        using var vault = new PreKeyVault();
        vault.AddCurrent(_bob.Identity.SigningKey, _clock.GetUtcNow(), SharedProfile.Default);
        vault.NextId = uint.MaxValue;
        Assert.Equal(
            E2EError.LimitExceeded, Refusal.Of(() => vault.AddCurrent(_bob.Identity.SigningKey, _clock.GetUtcNow(), SharedProfile.Default)));
        using PreKeyVault read = PreKeyVaultCodec.Read(PreKeyVaultCodec.Write(vault), _bob.Identity);
        Assert.Equal(vault.Current.SignedPair.Id, read.Current.SignedPair.Id);
    }

    [Fact]
    public void A_one_time_pair_that_cannot_be_signed_is_not_held()
    {
        using var vault = new PreKeyVault();
        vault.AddCurrent(_bob.Identity.SigningKey, _clock.GetUtcNow(), SharedProfile.Default);
        _bob.Identity.Dispose();
        Assert.Throws<ObjectDisposedException>(
            () => vault.AddOneTimePairs(1, _bob.Identity.SigningKey, _clock.GetUtcNow()));
        Assert.Empty(vault.OneTimePairs);
    }

    [Fact]
    public void Prekeys_made_while_the_clock_was_ten_years_ahead_rotate_and_are_dropped_once_it_is_set_back()
    {
        TimeSpan tenYears = TimeSpan.FromDays(3652);
        _clock.Advance(tenYears);
        using DevicePreKeys preKeys = DevicePreKeys.Create(_bob.Identity, _bob.PreKeyOptions, _clock);
        uint ahead = preKeys.PreparePublication(default).SignedPair.Id;
        _clock.Advance(-tenYears);
        Assert.True(preKeys.IsPublicationDue(new DirectoryState(2, preKeys.PublicationHash)));
        uint next = preKeys.PreparePublication(default).SignedPair.Id;
        Assert.False(preKeys.IsPublicationDue(new DirectoryState(2, preKeys.PublicationHash)));

        // The directory goes by the id, which rises all the same.
        Assert.True(next > ahead);
    }

    [Fact]
    public void A_prekey_retired_in_the_future_is_dropped_a_retirement_after_the_clock_was_set_back()
    {
        using var vault = new PreKeyVault();
        DateTimeOffset now = _clock.GetUtcNow();
        vault.AddCurrent(_bob.Identity.SigningKey, now, SharedProfile.Default);
        vault.AddCurrent(_bob.Identity.SigningKey, now + TimeSpan.FromDays(3652), SharedProfile.Default);
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
        DirectoryState full = _bob.Full;
        _bob.PreKeys.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _bob.Publish());
        Assert.Throws<ObjectDisposedException>(() => _bob.PreKeys.IsPublicationDue(full));
        Assert.Throws<ObjectDisposedException>(() => _bob.PreKeys.PublicationHash);
    }

    [Fact]
    public void Only_what_the_directory_lacks_is_made_and_no_id_is_given_twice()
    {
        PreKeyPublication first = _bob.Publish();
        PreKeyPublication second = _bob.PreKeys.PreparePublication(new DirectoryState(1, _bob.PreKeys.PublicationHash));
        PreKeyPublication third = _bob.PreKeys.PreparePublication(_bob.Full);
        Assert.Equal(2, first.OneTimePairs.Count);
        Assert.Single(second.OneTimePairs);
        Assert.Empty(third.OneTimePairs);
        uint[] ids = [first.SignedPair.Id, .. first.OneTimePairs.Concat(second.OneTimePairs).Select(pair => pair.Id)];
        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    [Fact]
    public void Half_of_the_one_time_pairs_gone_is_time_to_publish()
    {
        ReadOnlyMemory<byte> hash = _bob.PreKeys.PublicationHash;
        Assert.False(_bob.PreKeys.IsPublicationDue(new DirectoryState(1, hash)));
        Assert.True(_bob.PreKeys.IsPublicationDue(new DirectoryState(0, hash)));
        Assert.True(_bob.PreKeys.IsPublicationDue(new DirectoryState(2, default)));
    }

    [Fact]
    public void A_device_restored_from_an_old_copy_gives_no_id_that_it_gave_before()
    {
        byte[] old = _bob.PreKeys.Serialize();
        PreKeyPublication before = _bob.Publish();
        _clock.Advance(TimeSpan.FromDays(1));
        using DevicePreKeys restored = DevicePreKeys.Deserialize(old, _bob.Identity, _bob.PreKeyOptions, _clock);
        PreKeyPublication after = restored.PreparePublication(default);
        Assert.True(after.OneTimePairs[0].Id > before.OneTimePairs[^1].Id);
    }

    [Fact]
    public void A_generation_is_dropped_with_its_one_time_pairs()
    {
        uint dropped = _bob.PreKeys.Vault.Current.Id;
        byte[] first = _alice.Initiate(_bob, _bob.Bundle()).Seal("under way"u8);
        byte[] late = _alice.Initiate(_bob, _bob.Bundle()).Seal("too late"u8);
        _clock.Advance(TimeSpan.FromDays(30));
        _bob.Publish();
        Assert.Equal("under way"u8.ToArray(), _bob.Accept(_alice, first).Plaintext.ToArray());
        _clock.Advance(TimeSpan.FromDays(30) + TimeSpan.FromSeconds(1));
        Assert.Equal(E2EError.UnknownPreKey, Refusal.Of(() => _bob.Accept(_alice, late)));
        Assert.NotEmpty(_bob.PreKeys.Vault.OneTimePairs);
        Assert.All(_bob.PreKeys.Vault.OneTimePairs.Values, pair => Assert.NotEqual(dropped, pair.Generation));
    }

    [Fact]
    public void A_changed_profile_makes_the_signed_pair_rotate()
    {
        _bob.PreKeyOptions.Profile = SharedProfile.FromSalt("another");
        Assert.True(_bob.PreKeys.IsPublicationDue(_bob.Full));
        Assert.Equal(_bob.PreKeyOptions.Profile.Hash.ToArray(), _bob.Publish().SignedPair.ProfileHash.ToArray());
        Assert.False(_bob.PreKeys.IsPublicationDue(_bob.Full));
    }

    [Fact]
    public void A_renewed_certificate_is_published()
    {
        DirectoryState full = _bob.Full;
        Assert.False(_bob.PreKeys.IsPublicationDue(full));
        _clock.Advance(TimeSpan.FromDays(1));
        DeviceCertificate renewed = _bob.Identity.Renew(_bob.Account, _clock);
        Assert.True(_bob.PreKeys.IsPublicationDue(full));
        Assert.Equal(renewed, _bob.PreKeys.PreparePublication(full).Certificate);
        Assert.False(_bob.PreKeys.IsPublicationDue(_bob.Full));
    }

    [Fact]
    public void Prekeys_that_are_never_used_do_not_pile_up_without_bound()
    {
        using var vault = new PreKeyVault();
        DateTimeOffset now = _clock.GetUtcNow();
        vault.AddCurrent(_bob.Identity.SigningKey, now, SharedProfile.Default);
        uint first = vault.AddOneTimePairs(1, _bob.Identity.SigningKey, now)[0].Id;
        vault.AddOneTimePairs(PreKeyVault.MaxOneTimeHeld, _bob.Identity.SigningKey, now);
        Assert.Equal(PreKeyVault.MaxOneTimeHeld, vault.OneTimePairs.Count);
        Assert.DoesNotContain(first, vault.OneTimePairs.Keys);
        using PreKeyVault read = PreKeyVaultCodec.Read(PreKeyVaultCodec.Write(vault), _bob.Identity);
        Assert.Equal(vault.OneTimePairs.Keys, read.OneTimePairs.Keys);
    }

    [Fact]
    public void Generations_do_not_pile_up_without_bound()
    {
        using var vault = new PreKeyVault();
        DateTimeOffset now = _clock.GetUtcNow();
        for (int i = 0; i <= PreKeyVault.MaxGenerations; i++)
        {
            vault.AddCurrent(_bob.Identity.SigningKey, now, SharedProfile.Default);
        }

        Assert.Equal(PreKeyVault.MaxGenerations, vault.Generations.Count);
        using PreKeyVault read = PreKeyVaultCodec.Read(PreKeyVaultCodec.Write(vault), _bob.Identity);
        Assert.Equal(PreKeyVault.MaxGenerations, read.Generations.Count);
    }
}
