using PulseMeet.E2E.Encoding;
using PulseMeet.E2E.Handshake;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Ratchet;

/// <summary>Attacks 10 and 43: what a first message says was lost before it is work for a stranger's sake, and bounded; an honest
/// sender whom nobody answers never comes near the bound.</summary>
public sealed class FarFirstMessages
{
    private const int Most = RatchetLimits.MaxSkippedBeforeSession;

    private readonly TestClock _clock = new();
    private readonly Party _alice;
    private readonly Party _bob;

    public FarFirstMessages() => (_alice, _bob) = (new Party("alice", _clock), new Party("bob", _clock));

    [Fact]
    public void Two_thousand_messages_may_be_lost_before_the_first_that_arrives_and_all_of_them_still_open()
    {
        RatchetSession session = _alice.Initiate(_bob, _bob.Bundle());
        byte[][] late = [.. Enumerable.Range(0, Most).Select(i => session.Seal(BitConverter.GetBytes(i)))];
        AcceptedSession accepted = _bob.Accept(_alice, session.Seal("arrives"u8));
        Assert.Equal("arrives"u8.ToArray(), accepted.Plaintext.ToArray());
        for (int i = 0; i < late.Length; i += i < late.Length - 2 ? 133 : 1)
        {
            Assert.Equal(BitConverter.GetBytes(i), accepted.Session.Open(late[i]));
        }
    }

    [Fact]
    public void One_more_begins_no_session_and_uses_up_nothing_and_one_from_before_still_begins_it()
    {
        RatchetSession session = _alice.Initiate(_bob, _bob.Bundle());
        byte[][] messages = [.. Enumerable.Range(0, Most + 2).Select(_ => session.Seal("hi"u8))];
        byte[] before = _bob.PreKeys.Serialize();
        Assert.Equal(E2EError.TooFarAhead, Refusal.Of(() => _bob.Accept(_alice, messages[^1])));
        Assert.Equal(before, _bob.PreKeys.Serialize());
        RatchetSession accepted = _bob.Accept(_alice, messages[^2]).Session;

        // On the session that is there now, nothing of it is too far.
        Assert.Equal("hi"u8.ToArray(), accepted.Open(messages[^1]));
    }

    [Theory]
    [InlineData(Most + 1)]
    [InlineData(RatchetLimits.MaxSkippedPerStep)]
    [InlineData(int.MaxValue)]
    public void A_first_message_that_says_so_of_more_makes_no_derivation_in_the_chain(int number) =>
        Assert.Null(WhatWasDerivedFor((uint)number, E2EError.TooFarAhead));

    [Fact]
    public void A_damaged_first_message_makes_no_more_derivations_than_there_are_keys_kept()
    {
        Lookahead? derived = WhatWasDerivedFor(Most, E2EError.NotAuthentic);
        byte[] mark = new byte[ChainKey.Size];
        uint reached = derived!.CopyNearest(0, uint.MaxValue, mark);
        Assert.Equal((uint)Most / Lookahead.Interval * Lookahead.Interval, reached);
    }

    [Fact]
    public void A_session_is_due_for_renewal_long_before_its_messages_could_be_too_far()
    {
        RatchetSession alice = _alice.Initiate(_bob, _bob.Bundle());
        byte[] first = [];
        for (int i = 0; i < RatchetLimits.MaxUnanswered; i++)
        {
            Assert.False(alice.IsRenewalDue);
            first = alice.Seal("hello?"u8);
        }

        Assert.True(alice.IsRenewalDue);
        Assert.True(alice.Copy(_clock).IsRenewalDue);
        RatchetSession bob = _bob.Accept(_alice, first).Session;
        Assert.False(bob.IsRenewalDue);
        alice.Open(bob.Seal("yes"u8));
        Assert.False(alice.IsRenewalDue);
        for (int i = 0; i <= RatchetLimits.MaxUnanswered; i++)
        {
            alice.Seal("on and on"u8);
        }

        Assert.False(alice.IsRenewalDue);
    }

    /// <summary>What Bob has derived ahead in Alice's first chain for a message of that number with a body that does not verify.</summary>
    private Lookahead? WhatWasDerivedFor(uint number, E2EError reason)
    {
        RatchetSession session = _alice.Initiate(_bob, _bob.Bundle());
        byte[] message = session.Seal("first"u8);
        using RatchetState alice = Forge.StateOf(session);
        byte[] ratchetKey = alice.Own.PublicKey.Span.ToArray();
        byte[] forged = Forge.WithCounter(session, number);
        var reader = new SpanReader(message.AsSpan(RatchetMessage.PrefixSize));
        using HandshakeAcceptance acceptance = HandshakeAcceptance.Begin(
            _bob.PreKeys, _alice.AsPeer, HandshakeHeader.Read(ref reader), _clock.GetUtcNow());
        using RatchetState bob = RatchetState.Responder(acceptance.Secrets, acceptance.SignedPreKey);
        Assert.Equal(reason, Refusal.Of(() => RatchetOpening.Open(bob, forged, default, _clock.GetUtcNow())));
        return bob.Ahead.Take(ratchetKey);
    }
}
