using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Handshake;

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
