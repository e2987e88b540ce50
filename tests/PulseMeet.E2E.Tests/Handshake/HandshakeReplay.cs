using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Handshake;

/// <summary>Attacks 7 and 8: a first message is accepted once, and only if it opens.</summary>
public sealed class HandshakeReplay
{
    private readonly TestClock _clock = new();
    private readonly Party _alice;
    private readonly Party _bob;

    public HandshakeReplay() => (_alice, _bob) = (new Party("alice", _clock), new Party("bob", _clock));

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void A_replayed_first_message_yields_no_second_session_and_no_second_plaintext(bool oneTime, bool lastResort)
    {
        byte[] first = _alice.Initiate(_bob, _bob.Bundle(oneTime, lastResort)).Seal("once"u8);
        AcceptedSession accepted = _bob.Accept(_alice, first);
        Assert.Equal(E2EError.ReplayedHandshake, Refusal.Of(() => _bob.Accept(_alice, first)));
        Assert.Equal(E2EError.DuplicateMessage, Refusal.Of(() => accepted.Session.Open(first)));
    }

    [Fact]
    public void The_memory_of_replays_survives_a_restart()
    {
        byte[] first = _alice.Initiate(_bob, _bob.Bundle(oneTime: false, lastResort: true)).Seal("once"u8);
        _bob.Accept(_alice, first);
        _bob.PreKeys = DevicePreKeys.Deserialize(_bob.PreKeys.Serialize(), _bob.Identity, _bob.PreKeyOptions, _clock);
        Assert.Equal(E2EError.ReplayedHandshake, Refusal.Of(() => _bob.Accept(_alice, first)));
    }

    [Fact]
    public void A_replay_with_a_renewed_certificate_put_in_is_still_a_replay()
    {
        byte[] first = _alice.Initiate(_bob, _bob.Bundle(oneTime: false, lastResort: true)).Seal("once"u8);
        _bob.Accept(_alice, first);
        byte[] old = _alice.Identity.Certificate.Encode();
        _clock.Advance(TimeSpan.FromDays(1));
        byte[] renewed = _alice.Identity.Renew(_alice.Account, _clock).Certificate.Encode();
        byte[] replay = [.. first[..4], .. renewed, .. first[(4 + old.Length)..]];
        Assert.Equal(E2EError.ReplayedHandshake, Refusal.Of(() => _bob.Accept(_alice, replay)));
    }

    [Fact]
    public void A_replay_after_the_prekeys_retirement_finds_no_prekey()
    {
        byte[] first = _alice.Initiate(_bob, _bob.Bundle(oneTime: false, lastResort: true)).Seal("once"u8);
        _bob.Accept(_alice, first);
        _clock.Advance(TimeSpan.FromDays(30));
        _bob.Publish();
        Assert.Equal(E2EError.ReplayedHandshake, Refusal.Of(() => _bob.Accept(_alice, first)));
        _clock.Advance(TimeSpan.FromDays(31));
        _bob.Publish();
        Assert.Equal(E2EError.UnknownPreKey, Refusal.Of(() => _bob.Accept(_alice, first)));
    }

    [Fact]
    public void A_first_message_that_fails_to_open_uses_up_no_prekey()
    {
        byte[] first = _alice.Initiate(_bob, _bob.Bundle()).Seal("hello"u8);
        byte[] before = _bob.PreKeys.Serialize();
        for (int i = 0; i < first.Length; i += 11)
        {
            byte[] forged = [.. first];
            forged[i] ^= (byte)(1 << (i % 8));
            Assert.Throws<E2EException>(() => _bob.Accept(_alice, forged));
            Assert.Equal(before, _bob.PreKeys.Serialize());
        }

        Assert.Equal("hello"u8.ToArray(), _bob.Accept(_alice, first).Plaintext.ToArray());
    }

    [Fact]
    public void A_used_one_time_prekey_is_gone_from_the_stored_state()
    {
        byte[] first = _alice.Initiate(_bob, _bob.Bundle()).Seal("hello"u8);
        int before = _bob.PreKeys.Serialize().Length;
        _bob.Accept(_alice, first);

        // One curve prekey and one ML-KEM prekey less, one remembered ephemeral key more.
        Assert.Equal(before - (4 + 64) - (4 + 64 + 1184) + 32, _bob.PreKeys.Serialize().Length);
    }

    [Fact]
    public void Two_sessions_never_share_a_one_time_prekey()
    {
        PreKeyBundle bundle = _bob.Bundle();
        byte[] first = _alice.Initiate(_bob, bundle).Seal("one"u8);
        byte[] second = _alice.Initiate(_bob, bundle).Seal("two"u8);
        _bob.Accept(_alice, first);
        Assert.Equal(E2EError.UnknownPreKey, Refusal.Of(() => _bob.Accept(_alice, second)));
    }

    [Fact]
    public void A_first_message_of_another_session_is_told_apart()
    {
        RatchetSession one = _alice.Initiate(_bob, _bob.Bundle());
        RatchetSession two = _alice.Initiate(_bob, _bob.Bundle());
        AcceptedSession accepted = _bob.Accept(_alice, one.Seal("one"u8));
        byte[] other = two.Seal("two"u8);
        Assert.False(accepted.Session.BeganWith(other));
        Assert.Equal(E2EError.WrongSession, Refusal.Of(() => accepted.Session.Open(other)));
    }

    [Fact]
    public void A_signed_prekey_that_has_accepted_its_most_sessions_accepts_no_more()
    {
        byte[] first = _alice.Initiate(_bob, _bob.Bundle()).Seal("one too many"u8);
        byte[] stored = _bob.PreKeys.Serialize();
        int countAt = 1 + 4 + 2 + 8 + 32 + SignedPreKey.EncodedSize + MlKemKeyPair.SeedSize + KemPreKey.EncodedSize;
        byte[] accepted = new byte[PreKeyGeneration.MaxAccepted * 32];
        for (int i = 0; i < PreKeyGeneration.MaxAccepted; i++)
        {
            BitConverter.TryWriteBytes(accepted.AsSpan(i * 32), i + 1);
        }

        byte[] full = [.. stored[..countAt], 0, 1, 0, 0, .. accepted, .. stored[(countAt + 4)..]];
        _bob.PreKeys = DevicePreKeys.Deserialize(full, _bob.Identity, _bob.PreKeyOptions, _clock);
        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => _bob.Accept(_alice, first)));
        _clock.Advance(TimeSpan.FromDays(30));
        Assert.Equal("next"u8.ToArray(), _bob.Accept(_alice, _alice.Initiate(_bob, _bob.Bundle()).Seal("next"u8)).Plaintext.ToArray());
    }
}
