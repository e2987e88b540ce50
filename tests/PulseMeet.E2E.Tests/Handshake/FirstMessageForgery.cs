using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Handshake;

/// <summary>Attacks 1, 3, 7, 8 and 12, on the messages that carry a handshake.</summary>
public sealed class FirstMessageForgery
{
    private readonly TestClock _clock = new();
    private readonly Party _alice;
    private readonly Party _bob;

    public FirstMessageForgery() => (_alice, _bob) = (new Party("alice", _clock), new Party("bob", _clock));

    [Fact]
    public void A_changed_bit_anywhere_in_a_repeated_first_message_leaves_the_session_as_it_was()
    {
        RatchetSession alice = _alice.Initiate(_bob, _bob.Bundle());
        RatchetSession bob = _bob.Accept(_alice, alice.Seal("one"u8)).Session;
        byte[] repeated = alice.Seal("two"u8);
        byte[] before = bob.Serialize();
        for (int i = 0; i < repeated.Length; i++)
        {
            byte[] forged = [.. repeated];
            forged[i] ^= (byte)(1 << (i % 8));
            Assert.Throws<E2EException>(() => bob.Open(forged));
            Assert.Equal(before, bob.Serialize());
        }

        Assert.Equal("two"u8.ToArray(), bob.Open(repeated));
    }

    [Fact]
    public void A_repeated_first_message_with_a_renewed_certificate_still_opens_on_its_session()
    {
        RatchetSession alice = _alice.Initiate(_bob, _bob.Bundle());
        byte[] one = alice.Seal("one"u8);
        byte[] two = alice.Seal("two"u8);
        byte[] old = _alice.Identity.Certificate.Encode();
        byte[] renewed = _alice.Identity.Renew(_alice.Account, _clock, TimeSpan.FromDays(9)).Certificate.Encode();
        byte[] oneRenewed = [.. one[..4], .. renewed, .. one[(4 + old.Length)..]];
        RatchetSession bob = _bob.Accept(_alice, oneRenewed).Session;
        Assert.Equal("two"u8.ToArray(), bob.Open(two));
        Assert.Equal("answer"u8.ToArray(), alice.Open(bob.Seal("answer"u8)));
    }

    [Fact]
    public void A_first_message_returned_to_its_own_device_begins_no_session_there()
    {
        byte[] first = _alice.Initiate(_bob, _bob.Bundle()).Seal("to Bob"u8);
        _alice.Publish();
        byte[] before = _alice.PreKeys.Serialize();
        Assert.Equal(E2EError.WrongIdentity, Refusal.Of(() => _alice.Accept(_bob, first)));
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => _alice.Accept(_alice, first)));
        Assert.Equal(before, _alice.PreKeys.Serialize());
    }

    [Fact]
    public void A_lowered_or_raised_version_of_a_first_message_is_refused_and_uses_up_nothing()
    {
        byte[] first = _alice.Initiate(_bob, _bob.Bundle()).Seal("x"u8);
        byte[] before = _bob.PreKeys.Serialize();
        int inner = 2 + HandshakeHeaderLength(first);
        foreach (int at in new[] { 0, 4, inner })
        {
            foreach (byte version in new byte[] { 0, (byte)(first[at] - 1), (byte)(first[at] + 1), 255 })
            {
                byte[] changed = [.. first];
                changed[at] = version;
                Assert.Equal(E2EError.UnsupportedVersion, Refusal.Of(() => _bob.Accept(_alice, changed)));
            }
        }

        Assert.Equal(before, _bob.PreKeys.Serialize());
    }

    [Fact]
    public void A_first_message_within_a_first_message_is_refused()
    {
        byte[] first = _alice.Initiate(_bob, _bob.Bundle()).Seal("x"u8);
        byte[] nested = [.. first[..(2 + HandshakeHeaderLength(first))], .. first];
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => _bob.Accept(_alice, nested)));
    }

    [Theory]
    [MemberData(nameof(Keys.PublicKeyEncodings.LowOrder), MemberType = typeof(Keys.PublicKeyEncodings))]
    public void A_low_order_ephemeral_key_is_refused_and_uses_up_nothing(string hex)
    {
        byte[] first = _alice.Initiate(_bob, _bob.Bundle()).Seal("x"u8);
        byte[] before = _bob.PreKeys.Serialize();
        Convert.FromHexString(hex).CopyTo(first, 2 + HandshakeHeaderLength(first) - 1088 - 32);
        Assert.Equal(E2EError.InvalidPublicKey, Refusal.Of(() => _bob.Accept(_alice, first)));
        Assert.Equal(before, _bob.PreKeys.Serialize());
    }

    [Fact]
    public void A_first_message_without_its_one_time_prekey_named_does_not_open()
    {
        byte[] first = _alice.Initiate(_bob, _bob.Bundle()).Seal("x"u8);
        int flag = 2 + HandshakeHeaderLength(first) - 1088 - 32 - 4 - 1;
        Assert.Equal(1, first[flag]);
        byte[] weakened = [.. first[..flag], 0, .. first[(flag + 5)..]];
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => _bob.Accept(_alice, weakened)));
        Assert.Equal("x"u8.ToArray(), _bob.Accept(_alice, first).Plaintext.ToArray());
    }

    [Fact]
    public async Task Only_one_of_many_parallel_deliveries_of_one_first_message_begins_a_session()
    {
        byte[] first = _alice.Initiate(_bob, _bob.Bundle(oneTime: false, lastResort: true)).Seal("once"u8);
        bool[] accepted = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() =>
        {
            try
            {
                return _bob.Accept(_alice, first).Session is not null;
            }
            catch (E2EException exception) when (exception.Reason == E2EError.ReplayedHandshake)
            {
                return false;
            }
        })));
        Assert.Single(accepted, true);
    }

    [Fact]
    public void A_directory_that_reports_impossible_counts_gets_no_more_prekeys_than_the_option_says()
    {
        foreach (int count in new[] { -1, -1_000_000, int.MinValue, int.MaxValue })
        {
            PreKeyPublication published = _bob.PreKeys.Publish(new OneTimePreKeyCount(count, count));
            Assert.Equal(count < 0 ? 2 : 0, published.OneTimePreKeys.Count);
            Assert.Equal(count < 0 ? 2 : 0, published.OneTimeKemPreKeys.Count);
        }
    }

    [Fact]
    public void A_certificate_that_is_not_valid_yet_begins_no_session()
    {
        PreKeyBundle bundle = _bob.Bundle();
        byte[] first = _alice.Initiate(_bob, bundle).Seal("x"u8);
        _clock.Advance(TimeSpan.FromSeconds(-1));
        Assert.Equal(E2EError.Expired, Refusal.Of(() => _alice.Initiate(_bob, bundle)));
        Assert.Equal(E2EError.Expired, Refusal.Of(() => _bob.Accept(_alice, first)));
    }

    [Fact]
    public void Both_ends_agree_when_both_certificates_were_renewed_in_between()
    {
        RatchetSession alice = _alice.Initiate(_bob, _bob.Bundle());
        byte[] one = alice.Seal("one"u8);
        _clock.Advance(TimeSpan.FromDays(5));
        _alice.Identity = _alice.Identity.Renew(_alice.Account, _clock);
        _bob.Identity = _bob.Identity.Renew(_bob.Account, _clock);
        byte[] two = alice.Copy(_clock).Seal("two"u8);
        AcceptedSession bob = _bob.Accept(_alice, two);
        Assert.Equal("one"u8.ToArray(), bob.Session.Open(one));
        Assert.Equal("answer"u8.ToArray(), alice.Open(bob.Session.Seal("answer"u8)));
        Assert.True(alice.IsAcknowledged);
    }

    private static int HandshakeHeaderLength(byte[] first)
    {
        int certificate = (first[2] << 8) | first[3];
        int names = first[4 + certificate + 9] == 1 ? PreKeyNames.MaxSize : PreKeyNames.MaxSize - 4;
        return 2 + certificate + names + 32 + 1088;
    }
}
