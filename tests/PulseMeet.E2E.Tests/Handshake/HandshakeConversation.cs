using PulseMeet.E2E.Handshake;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Handshake;

/// <summary>The first message goes out while the peer is offline, with whatever prekeys are left.</summary>
public sealed class HandshakeConversation
{
    private readonly TestClock _clock = new();
    private readonly Party _alice;
    private readonly Party _bob;

    public HandshakeConversation() => (_alice, _bob) = (new Party("alice", _clock), new Party("bob", _clock));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Both_sides_agree_with_and_without_a_one_time_pair_and_see_which(bool oneTime)
    {
        RatchetSession alice = _alice.Initiate(_bob, _bob.Bundle(oneTime));
        AcceptedSession accepted = _bob.Accept(_alice, alice.Seal("first"u8));
        Assert.Equal("first"u8.ToArray(), accepted.Plaintext.ToArray());
        Assert.Equal("answer"u8.ToArray(), alice.Open(accepted.Session.Seal("answer"u8)));
        var expected = new HandshakeInfo(oneTime);
        Assert.Equal(expected, alice.Handshake);
        Assert.Equal(expected, accepted.Session.Handshake);
    }

    [Fact]
    public async Task Exhausted_one_time_pairs_still_give_a_session_and_the_weaker_state_shows()
    {
        var directory = new InMemoryKeyDirectory(_clock);
        await directory.PublishAsync(_bob.Publish());
        for (int i = 0; i < 2; i++)
        {
            PreKeyBundle claimed = await directory.ClaimBundleAsync(_bob.Identity.Address);
            Assert.NotNull(claimed.OneTimePair);
            Assert.Null(claimed.SignedPair.KemKey);
        }

        PreKeyBundle left = await directory.ClaimBundleAsync(_bob.Identity.Address);
        Assert.Null(left.OneTimePair);
        Assert.NotNull(left.SignedPair.KemKey);
        RatchetSession alice = _alice.Initiate(_bob, left);
        AcceptedSession accepted = _bob.Accept(_alice, alice.Seal("first"u8));
        Assert.Equal(new HandshakeInfo(false), accepted.Session.Handshake);
        Assert.Equal(new HandshakeInfo(false), alice.Handshake);
    }

    [Fact]
    public void Later_first_messages_may_arrive_before_the_first_one()
    {
        RatchetSession alice = _alice.Initiate(_bob, _bob.Bundle());
        byte[] one = alice.Seal("one"u8);
        byte[] two = alice.Seal("two"u8);
        byte[] three = alice.Seal("three"u8);
        AcceptedSession accepted = _bob.Accept(_alice, two);
        Assert.Equal("two"u8.ToArray(), accepted.Plaintext.ToArray());
        Assert.True(accepted.Session.BeganWith(three));
        Assert.Equal("three"u8.ToArray(), accepted.Session.Open(three));
        Assert.Equal("one"u8.ToArray(), accepted.Session.Open(one));
    }

    [Fact]
    public void The_handshake_is_repeated_until_the_peer_has_answered_and_then_no_more()
    {
        RatchetSession alice = _alice.Initiate(_bob, _bob.Bundle());
        AcceptedSession accepted = _bob.Accept(_alice, alice.Seal("one"u8));
        Assert.False(alice.IsAcknowledged);
        Assert.True(RatchetSession.IsFirstMessage(alice.Seal("two"u8)));
        alice.Open(accepted.Session.Seal("answer"u8));
        Assert.True(alice.IsAcknowledged);
        Assert.False(RatchetSession.IsFirstMessage(alice.Seal("three"u8)));
    }

    [Fact]
    public void A_session_without_an_answer_is_due_for_renewal_after_its_interval()
    {
        RatchetSession alice = _alice.Initiate(_bob, _bob.Bundle());
        AcceptedSession accepted = _bob.Accept(_alice, alice.Seal("one"u8));
        _clock.Advance(TimeSpan.FromDays(30) - TimeSpan.FromSeconds(1));
        Assert.False(alice.IsRenewalDue);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True(alice.IsRenewalDue);
        alice.Open(accepted.Session.Seal("answer"u8));
        Assert.False(alice.IsRenewalDue);
    }

    [Fact]
    public void State_stored_and_read_between_all_steps_talks_on()
    {
        PreKeyBundle bundle = PreKeyBundle.Decode(_bob.Bundle().Encode());
        RatchetSession alice = _alice.Initiate(_bob, bundle).Copy(_clock);
        byte[] first = alice.Seal("first"u8);
        alice = alice.Copy(_clock);
        _bob.Identity = DeviceIdentity.Deserialize(_bob.Identity.Serialize());
        _bob.PreKeys = DevicePreKeys.Deserialize(_bob.PreKeys.Serialize(), _bob.Identity, _bob.PreKeyOptions, _clock);
        RatchetSession bob = _bob.Accept(_alice, first).Session.Copy(_clock);
        Assert.Equal("answer"u8.ToArray(), alice.Open(bob.Copy(_clock).Seal("answer"u8)));
        Assert.Equal(_bob.Identity.Certificate, alice.Copy(_clock).Peer);
        Assert.Equal(_alice.Identity.Certificate, bob.Peer);
    }

    [Fact]
    public void A_renewed_certificate_changes_no_session_and_no_handshake_under_way()
    {
        RatchetSession alice = _alice.Initiate(_bob, _bob.Bundle());
        byte[] first = alice.Seal("first"u8);
        _clock.Advance(TimeSpan.FromDays(10));
        _bob.Identity.Renew(_bob.Account, _clock);
        Assert.Equal("first"u8.ToArray(), _bob.Accept(_alice, first).Plaintext.ToArray());
    }
}
