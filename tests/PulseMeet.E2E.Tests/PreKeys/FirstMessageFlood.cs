using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.PreKeys;

/// <summary>Attack 43: somebody fills the memory of accepted first messages; nobody else is shut out, and what is refused is refused
/// before any work on curves.</summary>
public sealed class FirstMessageFlood
{
    private readonly TestClock _clock = new();
    private readonly Party _alice;
    private readonly Party _bob;
    private uint _next;

    public FirstMessageFlood() => (_alice, _bob) = (new Party("alice", _clock), new Party("bob", _clock));

    private AcceptedFirstMessages Accepted => _bob.PreKeys.Vault.Current.Accepted;

    [Fact]
    public void An_account_that_has_used_up_its_share_is_refused_and_others_are_not()
    {
        Fill(_alice, isKnown: true, AcceptedFirstMessages.MaxPerAccount);
        byte[] one = _alice.Initiate(_bob, _bob.Bundle(oneTime: false)).Seal("too many"u8);
        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => _bob.Accept(_alice, one)));

        var carol = new Party("carol", _clock);
        byte[] other = carol.Initiate(_bob, _bob.Bundle(oneTime: false)).Seal("hello"u8);
        Assert.Equal("hello"u8.ToArray(), _bob.Accept(carol, other).Plaintext.ToArray());

        // With a one-time pair there is nothing to fill.
        byte[] withOneTime = _alice.Initiate(_bob, _bob.Bundle()).Seal("still"u8);
        Assert.Equal("still"u8.ToArray(), _bob.Accept(_alice, withOneTime).Plaintext.ToArray());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_account_has_one_share_whether_its_key_is_pinned_or_not(bool isKnown)
    {
        Fill(_alice, isKnown, AcceptedFirstMessages.MaxPerAccount);
        byte[] first = _alice.Initiate(_bob, _bob.Bundle(oneTime: false)).Seal("too many"u8);
        ExpectedPeer unpinned = ExpectedPeer.FirstContact(_alice.Identity.Address);
        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => _bob.Accept(_alice, first)));
        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => _bob.Accept(unpinned, first)));
    }

    [Fact]
    public void Accounts_that_nobody_knows_fill_their_own_list_alone()
    {
        for (int i = 0; i < AcceptedFirstMessages.MaxUnknown / AcceptedFirstMessages.MaxPerAccount; i++)
        {
            Fill(new Party($"stranger-{i}", _clock), isKnown: false, AcceptedFirstMessages.MaxPerAccount);
        }

        byte[] stranger = new Party("one-more", _clock).Initiate(_bob, _bob.Bundle(oneTime: false)).Seal("x"u8);
        Assert.Equal(
            E2EError.LimitExceeded,
            Refusal.Of(() => _bob.Accept(ExpectedPeer.FirstContact(new DeviceAddress("one-more", "phone")), stranger)));
        byte[] known = _alice.Initiate(_bob, _bob.Bundle(oneTime: false)).Seal("hello"u8);
        Assert.Equal("hello"u8.ToArray(), _bob.Accept(_alice, known).Plaintext.ToArray());
    }

    [Fact]
    public void A_list_that_fills_makes_the_signed_pair_rotate_and_everyone_is_taken_again()
    {
        for (int i = 0; i < AcceptedFirstMessages.MaxUnknown / AcceptedFirstMessages.MaxPerAccount; i++)
        {
            Fill(new Party($"stranger-{i}", _clock), isKnown: false, AcceptedFirstMessages.MaxPerAccount);
        }

        // Not more often than once a day, whatever comes.
        Assert.False(_bob.PreKeys.IsPublicationDue(_bob.Full));
        _clock.Advance(TimeSpan.FromDays(1));
        Assert.True(_bob.PreKeys.IsPublicationDue(_bob.Full));
        var newcomer = new Party("newcomer", _clock);
        byte[] first = newcomer.Initiate(_bob, _bob.Bundle(oneTime: false)).Seal("hello"u8);
        Assert.False(_bob.PreKeys.IsPublicationDue(_bob.Full));
        AcceptedSession accepted = _bob.Accept(ExpectedPeer.FirstContact(newcomer.Identity.Address), first);
        Assert.Equal("hello"u8.ToArray(), accepted.Plaintext.ToArray());
    }

    [Fact]
    public void A_known_list_that_is_half_full_makes_the_signed_pair_rotate()
    {
        int accounts = AcceptedFirstMessages.MaxKnown / 2 / AcceptedFirstMessages.MaxPerAccount;
        for (int i = 0; i < accounts; i++)
        {
            Assert.False(Accepted.IsFilling);
            Fill(new Party($"contact-{i}", _clock), isKnown: true, AcceptedFirstMessages.MaxPerAccount);
        }

        Assert.True(Accepted.IsFilling);
        _clock.Advance(TimeSpan.FromDays(1));
        Assert.True(_bob.PreKeys.IsPublicationDue(_bob.Full));
    }

    [Fact]
    public void What_is_remembered_of_messages_with_a_one_time_pair_is_bounded_and_a_forgotten_one_begins_no_session()
    {
        byte[] first = _alice.Initiate(_bob, _bob.Bundle()).Seal("once"u8);
        _bob.Accept(_alice, first);
        Assert.Equal(E2EError.ReplayedHandshake, Refusal.Of(() => _bob.Accept(_alice, first)));
        for (int i = 0; i < AcceptedFirstMessages.MaxWithOneTimePair; i++)
        {
            Accepted.Add(NextKey(), default, usedOneTimePair: true);
        }

        Assert.Equal(E2EError.UnknownPreKey, Refusal.Of(() => _bob.Accept(_alice, first)));
        Assert.Equal(2 + (32 * AcceptedFirstMessages.MaxWithOneTimePair) + 2 + 2, Accepted.EncodedSize);
    }

    [Fact]
    public void Counts_survive_a_restart()
    {
        Fill(_alice, isKnown: true, AcceptedFirstMessages.MaxPerAccount);
        byte[] stored = _bob.PreKeys.Serialize();
        _bob.PreKeys = DevicePreKeys.Deserialize(stored, _bob.Identity, _bob.PreKeyOptions, _clock);
        Assert.Equal(stored, _bob.PreKeys.Serialize());
        byte[] first = _alice.Initiate(_bob, _bob.Bundle(oneTime: false)).Seal("too many"u8);
        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => _bob.Accept(_alice, first)));
    }

    [Fact]
    public void A_message_that_is_refused_for_what_it_names_is_refused_before_its_certificate_is_looked_at()
    {
        byte[] first = _alice.Initiate(_bob, _bob.Bundle(oneTime: false)).Seal("x"u8);
        _bob.Accept(_alice, first);

        // The certificate's identity key is made a point of low order, and its signature is broken with that: neither is noticed.
        int identityKeyAt = 4 + 1 + 2 + "alice".Length + 2 + "phone".Length + 32;
        first.AsSpan(identityKeyAt, 32).Clear();
        Assert.Equal(E2EError.ReplayedHandshake, Refusal.Of(() => _bob.Accept(_alice, first)));

        Fill(_alice, isKnown: true, AcceptedFirstMessages.MaxPerAccount - 1);
        byte[] another = _alice.Initiate(_bob, _bob.Bundle(oneTime: false)).Seal("x"u8);
        another.AsSpan(identityKeyAt, 32).Clear();
        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => _bob.Accept(_alice, another)));
    }

    /// <summary>What so many accepted first messages of an account leave behind; making them all would take minutes.</summary>
    private void Fill(Party account, bool isKnown, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Accepted.Add(NextKey(), FirstMessageSender.Of(account.Account.PublicKey.Span, isKnown), usedOneTimePair: false);
        }
    }

    private X25519PublicKey NextKey()
    {
        byte[] key = new byte[32];
        BitConverter.TryWriteBytes(key.AsSpan(4), ++_next);
        return new X25519PublicKey(key);
    }
}
