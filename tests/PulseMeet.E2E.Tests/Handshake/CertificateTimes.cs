using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Handshake;

/// <summary>Attacks 46 and 48: certificates run out, are renewed and come from clocks that differ, and no message is lost.</summary>
public sealed class CertificateTimes
{
    private readonly TestClock _clock = new();
    private readonly Party _alice;
    private readonly Party _bob;

    public CertificateTimes() => (_alice, _bob) = (new Party("alice", _clock), new Party("bob", _clock));

    private DateTimeOffset Now => _clock.GetUtcNow();

    [Fact]
    public void A_certificate_is_taken_five_minutes_before_its_first_and_after_its_last_second_and_not_beyond()
    {
        DeviceCertificate certificate = _bob.Identity.Renew(_bob.Account, _clock, TimeSpan.FromDays(1));
        DateTimeOffset first = Now;
        DateTimeOffset last = Now.AddDays(1);
        certificate.Verify(first.AddMinutes(-5));
        certificate.Verify(last.AddMinutes(5));
        Assert.Equal(E2EError.Expired, Refusal.Of(() => certificate.Verify(first.AddMinutes(-5).AddSeconds(-1))));
        Assert.Equal(E2EError.Expired, Refusal.Of(() => certificate.Verify(last.AddMinutes(5).AddSeconds(1))));
    }

    [Fact]
    public void A_device_made_by_a_clock_two_minutes_ahead_talks_at_once()
    {
        _clock.Advance(TimeSpan.FromMinutes(2));
        var ahead = new Party("carol", _clock);
        PreKeyPublication published = ahead.Publish();
        _clock.Advance(TimeSpan.FromMinutes(-2));
        published.Verify(Now);
        byte[] toAhead = _alice.Initiate(ahead, new(published.Certificate, published.SignedPair, published.OneTimePairs[0])).Seal("x"u8);
        Assert.Equal("x"u8.ToArray(), ahead.Accept(_alice, toAhead).Plaintext.ToArray());
        byte[] fromAhead = ahead.Initiate(_bob, _bob.Bundle()).Seal("y"u8);
        Assert.Equal("y"u8.ToArray(), _bob.Accept(ahead, fromAhead).Plaintext.ToArray());
    }

    [Fact]
    public void A_first_message_sealed_before_expiry_is_taken_for_thirty_days_after_it_and_not_longer()
    {
        _alice.Identity.Renew(_alice.Account, _clock, TimeSpan.FromDays(1));
        PreKeyBundle bundle = _bob.Bundle();
        byte[] inTime = _alice.Initiate(_bob, bundle).Seal("days on the way"u8);
        byte[] tooLate = _alice.Initiate(_bob, _bob.Bundle()).Seal("too late"u8);
        _clock.Advance(TimeSpan.FromDays(31));
        Assert.Equal("days on the way"u8.ToArray(), _bob.Accept(_alice, inTime).Plaintext.ToArray());
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(E2EError.Expired, Refusal.Of(() => _bob.Accept(_alice, tooLate)));
    }

    [Fact]
    public void A_device_whose_own_certificate_has_run_out_is_told_so_itself_and_begins_nothing()
    {
        _alice.Identity.Renew(_alice.Account, _clock, TimeSpan.FromDays(1));
        PreKeyBundle bundle = _bob.Bundle();
        _clock.Advance(TimeSpan.FromDays(1));
        _alice.Initiate(_bob, bundle).Dispose();
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(E2EError.Expired, Refusal.Of(() => _alice.Initiate(_bob, bundle)));
        _alice.Identity.Renew(_alice.Account, _clock);
        _alice.Initiate(_bob, bundle).Dispose();
    }

    [Fact]
    public void A_bundle_with_an_expired_or_a_future_certificate_begins_no_session()
    {
        _bob.Identity.Renew(_bob.Account, _clock, TimeSpan.FromDays(1));
        PreKeyBundle bundle = _bob.Bundle();
        _clock.Advance(TimeSpan.FromDays(1) + TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(1));
        Assert.Equal(E2EError.Expired, Refusal.Of(() => _alice.Initiate(_bob, bundle)));
        _clock.Advance(TimeSpan.FromDays(-1) - TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(2));
        Assert.Equal(E2EError.Expired, Refusal.Of(() => _alice.Initiate(_bob, bundle)));
    }

    [Fact]
    public void A_certificate_renewed_while_nobody_has_answered_goes_out_with_the_next_message_and_reaches_the_peer()
    {
        RatchetSession alice = _alice.Initiate(_bob, _bob.Bundle());
        byte[] one = alice.Seal("one"u8);
        DeviceCertificate old = _alice.Identity.Certificate;
        _clock.Advance(TimeSpan.FromDays(20));
        DeviceCertificate renewed = _alice.Identity.Renew(_alice.Account, _clock);
        Assert.True(alice.TakeOwnRenewed(_alice.Identity));
        Assert.False(alice.TakeOwnRenewed(_alice.Identity));
        alice = alice.Copy(_clock);
        byte[] two = alice.Seal("two"u8);
        byte[] three = alice.Seal("three"u8);

        AcceptedSession accepted = _bob.Accept(_alice, one);
        Assert.Equal(old, accepted.Session.Peer);
        Assert.Equal("two"u8.ToArray(), accepted.Session.Open(two));
        Assert.Equal(renewed, accepted.Session.Copy(_clock).Peer);
        Assert.Equal("three"u8.ToArray(), accepted.Session.Open(three));
        alice.Open(accepted.Session.Seal("answer"u8));
        Assert.False(alice.TakeOwnRenewed(_alice.Identity));
    }

    [Fact]
    public void A_late_first_message_with_the_older_certificate_takes_the_newer_one_back_from_nobody()
    {
        RatchetSession alice = _alice.Initiate(_bob, _bob.Bundle());
        byte[] late = alice.Seal("late"u8);
        _clock.Advance(TimeSpan.FromDays(1));
        DeviceCertificate renewed = _alice.Identity.Renew(_alice.Account, _clock);
        alice.TakeOwnRenewed(_alice.Identity);
        RatchetSession bob = _bob.Accept(_alice, alice.Seal("first to come"u8)).Session;
        Assert.Equal("late"u8.ToArray(), bob.Open(late));
        Assert.Equal(renewed, bob.Peer);
    }

    [Fact]
    public void Of_two_certificates_that_end_alike_a_session_keeps_the_one_that_it_has()
    {
        RatchetSession alice = _alice.Initiate(_bob, _bob.Bundle());
        RatchetSession bob = _bob.Accept(_alice, alice.Seal("one"u8)).Session;
        DeviceCertificate taken = bob.Peer;
        DeviceCertificate another = DeviceCertificate.Issue(
            _alice.Account, taken.Address, taken.IdentityKey, taken.SigningKey, taken.MlsKey, taken.NotBefore.AddHours(1), taken.NotAfter);
        byte[] stored = _alice.Identity.Serialize();
        another.Encode().CopyTo(stored, stored.Length - taken.Encode().Length);
        Assert.True(alice.TakeOwnRenewed(DeviceIdentity.Deserialize(stored)));
        Assert.Equal("two"u8.ToArray(), bob.Open(alice.Seal("two"u8)));
        Assert.Equal(taken, bob.Peer);
        Assert.False(bob.TakePeerRenewed(another));
    }

    [Fact]
    public void Both_ends_agree_when_both_certificates_were_renewed_in_between()
    {
        RatchetSession alice = _alice.Initiate(_bob, _bob.Bundle());
        byte[] one = alice.Seal("one"u8);
        _clock.Advance(TimeSpan.FromDays(5));
        _alice.Identity.Renew(_alice.Account, _clock);
        _bob.Identity.Renew(_bob.Account, _clock);
        alice.TakeOwnRenewed(_alice.Identity);
        byte[] two = alice.Seal("two"u8);
        AcceptedSession bob = _bob.Accept(_alice, two);
        Assert.Equal("one"u8.ToArray(), bob.Session.Open(one));
        Assert.Equal("answer"u8.ToArray(), alice.Open(bob.Session.Seal("answer"u8)));
        Assert.True(alice.IsAcknowledged);
    }

    [Fact]
    public void An_answered_session_takes_the_peers_renewed_certificate_and_nobody_elses()
    {
        RatchetSession alice = _alice.Initiate(_bob, _bob.Bundle());
        RatchetSession bob = _bob.Accept(_alice, alice.Seal("x"u8)).Session;
        alice.Open(bob.Seal("y"u8));
        DeviceCertificate old = _bob.Identity.Certificate;
        _clock.Advance(TimeSpan.FromDays(1));
        DeviceCertificate renewed = _bob.Identity.Renew(_bob.Account, _clock);
        Assert.True(alice.TakePeerRenewed(renewed));
        Assert.False(alice.TakePeerRenewed(old));
        Assert.False(alice.TakePeerRenewed(renewed));
        Assert.Throws<ArgumentNullException>(() => alice.TakePeerRenewed(null!));
        Assert.Throws<ArgumentNullException>(() => alice.TakeOwnRenewed(null!));
        Assert.Equal(renewed, alice.Copy(_clock).Peer);
        Assert.Equal(E2EError.WrongIdentity, Refusal.Of(() => alice.TakePeerRenewed(_alice.Identity.Certificate)));
        byte[] forged = renewed.Encode();
        forged[^1] ^= 1;
        Assert.Equal(E2EError.InvalidSignature, Refusal.Of(() => alice.TakePeerRenewed(DeviceCertificate.Decode(forged))));
        Assert.Equal(renewed, alice.Peer);
    }

    [Fact]
    public void A_device_takes_its_own_certificate_from_the_accounts_list_and_nobody_elses()
    {
        byte[] stored = _bob.Identity.Serialize();
        DeviceIdentity other = DeviceIdentity.Deserialize(stored);
        _clock.Advance(TimeSpan.FromDays(1));
        DeviceCertificate old = _bob.Identity.Certificate;
        DeviceCertificate renewed = _bob.Identity.Renew(_bob.Account, _clock);
        Assert.True(other.TakeRenewed(renewed));
        Assert.False(other.TakeRenewed(old));
        Assert.Equal(renewed, DeviceIdentity.Deserialize(other.Serialize()).Certificate);
        Assert.Equal(E2EError.WrongIdentity, Refusal.Of(() => other.TakeRenewed(_alice.Identity.Certificate)));
        byte[] forged = renewed.Encode();
        forged[^1] ^= 1;
        Assert.Equal(E2EError.InvalidSignature, Refusal.Of(() => other.TakeRenewed(DeviceCertificate.Decode(forged))));
    }

    [Fact]
    public void Another_devices_session_does_not_take_this_devices_certificate()
    {
        RatchetSession alice = _alice.Initiate(_bob, _bob.Bundle());
        Assert.Throws<ArgumentException>(() => alice.TakeOwnRenewed(_bob.Identity));
        Assert.Throws<ArgumentException>(() => _alice.Identity.Renew(_bob.Account, _clock));
        Assert.Throws<ArgumentException>(() => _alice.Identity.Rekey(_bob.Account, _clock));
    }

    [Fact]
    public void Expiry_shows_a_year_before_it_bites_and_with_a_short_validity_when_a_third_is_left()
    {
        Assert.False(_alice.Identity.Certificate.IsRenewalDue(Now.AddDays(3650 - 365).AddSeconds(-1)));
        Assert.True(_alice.Identity.Certificate.IsRenewalDue(Now.AddDays(3650 - 365)));
        DeviceCertificate brief = _bob.Identity.Renew(_bob.Account, _clock, TimeSpan.FromDays(30));
        Assert.False(brief.IsRenewalDue(Now.AddDays(20).AddSeconds(-1)));
        Assert.True(brief.IsRenewalDue(Now.AddDays(20)));
        brief.Verify(Now.AddDays(20));
    }

    [Fact]
    public void A_certificate_from_a_clock_that_was_ten_years_ahead_is_due_for_renewal_once_it_is_set_back()
    {
        TimeSpan tenYears = TimeSpan.FromDays(3652);
        _clock.Advance(tenYears);
        DeviceCertificate ahead = _alice.Identity.Renew(_alice.Account, _clock);
        _clock.Advance(-tenYears);
        Assert.True(ahead.IsRenewalDue(Now));
        DeviceCertificate set = _alice.Identity.Renew(_alice.Account, _clock);
        Assert.False(set.IsRenewalDue(Now));
        _alice.Initiate(_bob, _bob.Bundle()).Dispose();
    }

    [Fact]
    public void A_validity_beyond_the_last_year_ends_with_it()
    {
        DeviceCertificate certificate = _bob.Identity.Renew(_bob.Account, _clock, TimeSpan.MaxValue);
        Assert.Equal(DateTimeOffset.MaxValue.ToUnixTimeSeconds(), certificate.NotAfter.ToUnixTimeSeconds());
        _clock.Advance(DateTimeOffset.MaxValue.AddDays(-1) - Now);
        certificate.Verify(Now);
        _bob.Identity.Renew(_bob.Account, _clock).Verify(Now);
    }

    [Fact]
    public void A_certificate_to_the_end_of_the_last_year_is_looked_at_without_a_fault()
    {
        DateTimeOffset end = DateTimeOffset.MaxValue;
        DeviceCertificate certificate = _bob.Identity.Renew(_bob.Account, _clock, end - Now);
        certificate.Verify(Now);
        certificate.Verify(end);
        Assert.False(certificate.IsRenewalDue(Now));
        Assert.False(certificate.IsExpired(end));
    }
}
