using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Handshake;

/// <summary>Attacks 34 and 43: at a limit everything is taken, one beyond it nothing.</summary>
public sealed class ExactLimits
{
    private readonly TestClock _clock = new();

    [Fact]
    public void Associated_data_of_1024_bytes_is_authenticated_and_one_byte_more_is_a_callers_mistake_wherever_it_goes_in()
    {
        var alice = new Party("alice", _clock);
        var bob = new Party("bob", _clock);
        byte[] most = [.. Enumerable.Repeat((byte)7, RatchetLimits.MaxAssociatedData)];
        byte[] more = [.. most, 7];
        using RatchetSession session = alice.Initiate(bob, bob.Bundle());
        byte[] first = session.Seal("first"u8, most);
        Assert.Throws<ArgumentException>(() => session.Seal("first"u8, more));
        Assert.Throws<ArgumentException>(() => RatchetSession.Accept(bob.PreKeys, alice.AsPeer, first, new(), _clock, more));
        using RatchetSession accepted = RatchetSession.Accept(bob.PreKeys, alice.AsPeer, first, new(), _clock, most).Session;
        byte[] answer = accepted.Seal("answer"u8, most);
        Assert.Throws<ArgumentException>(() => session.Open(answer, more));
        most[^1] = 8;
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => session.Open(answer, most)));
        most[^1] = 7;
        Assert.Equal("answer"u8.ToArray(), session.Open(answer, most));
    }

    [Fact]
    public void A_plaintext_of_16_MiB_has_a_length_and_one_byte_more_is_a_callers_mistake()
    {
        SessionPair pair = Sessions.Established();
        Assert.True(pair.Alice.GetSealedLength(RatchetLimits.MaxPlaintext) > RatchetLimits.MaxPlaintext);
        Assert.Throws<ArgumentException>(() => pair.Alice.GetSealedLength(RatchetLimits.MaxPlaintext + 1));
        Assert.Throws<ArgumentException>(() => pair.Alice.GetSealedLength(-1));
    }

    [Theory]
    [InlineData(true, AcceptedFirstMessages.MaxKnown)]
    [InlineData(false, AcceptedFirstMessages.MaxUnknown)]
    public void A_full_list_of_accepted_first_messages_reads_again_and_a_longer_one_does_not(bool isKnown, int most)
    {
        var bob = new Party("bob", _clock, oneTimePairs: 0);
        AcceptedFirstMessages accepted = bob.PreKeys.Vault.Current.Accepted;
        for (int i = 0; i < most; i++)
        {
            accepted.Add(Key(i), new FirstMessageSender((ulong)i, isKnown), usedOneTimePair: false);
        }

        var newcomer = new FirstMessageSender(ulong.MaxValue, isKnown);
        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => accepted.CheckRoom(newcomer)));
        accepted.CheckRoom(newcomer with { IsKnown = !isKnown }); // the other list has room
        byte[] full = bob.PreKeys.Serialize();
        Assert.Equal(full, Read(bob, full));
        accepted.Add(Key(most), newcomer, usedOneTimePair: false);
        byte[] longer = bob.PreKeys.Serialize();
        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => Read(bob, longer)));
    }

    [Fact]
    public void The_last_first_message_of_an_accounts_share_has_room_and_the_next_has_none()
    {
        var accepted = new AcceptedFirstMessages();
        var sender = new FirstMessageSender(1, IsKnown: true);
        for (int i = 0; i < AcceptedFirstMessages.MaxPerAccount; i++)
        {
            accepted.CheckRoom(sender);
            Assert.False(accepted.IsFilling);
            accepted.Add(Key(i), sender, usedOneTimePair: false);
        }

        Assert.Equal(E2EError.LimitExceeded, Refusal.Of(() => accepted.CheckRoom(sender)));
        accepted.CheckRoom(new FirstMessageSender(2, IsKnown: true));
    }

    [Theory]
    [InlineData(true, AcceptedFirstMessages.MaxKnown / 2)]
    [InlineData(false, AcceptedFirstMessages.MaxUnknown / 2)]
    public void A_list_fills_when_half_of_it_is_taken_and_not_before(bool isKnown, int half)
    {
        var accepted = new AcceptedFirstMessages();
        for (int i = 0; i < half; i++)
        {
            Assert.False(accepted.IsFilling);
            accepted.Add(Key(i), new FirstMessageSender((ulong)i, isKnown), usedOneTimePair: false);
        }

        Assert.True(accepted.IsFilling);
    }

    [Fact]
    public void A_publication_of_500_one_time_pairs_reads_again()
    {
        var bob = new Party("bob", _clock, oneTimePairs: PreKeyPublication.MaxOneTimePairs);
        byte[] encoded = bob.Publish().Encode();
        PreKeyPublication read = PreKeyPublication.Decode(encoded);
        Assert.Equal(PreKeyPublication.MaxOneTimePairs, read.OneTimePairs.Count);
        Assert.Equal(encoded, read.Encode());
        Assert.Throws<ArgumentOutOfRangeException>(
            () => DevicePreKeys.Create(bob.Identity, new PreKeyOptions { OneTimePairs = PreKeyPublication.MaxOneTimePairs + 1 }, _clock));
    }

    [Fact]
    public void Ids_of_64_bytes_make_a_session_and_longer_ones_are_a_callers_mistake()
    {
        var alice = new Party(new string('a', DeviceAddress.MaxIdSize), _clock, deviceId: new string('p', DeviceAddress.MaxIdSize));
        var bob = new Party("bob", _clock);
        Assert.Equal(
            "hi"u8.ToArray(), bob.Accept(alice, alice.Initiate(bob, bob.Bundle()).Seal("hi"u8)).Plaintext.ToArray());
        Assert.Throws<ArgumentException>(() => new DeviceAddress(new string('a', DeviceAddress.MaxIdSize + 1), "phone"));
        Assert.Throws<ArgumentException>(() => new DeviceAddress("alice", new string('a', DeviceAddress.MaxIdSize + 1)));
    }

    private static X25519PublicKey Key(int number)
    {
        byte[] key = new byte[32];
        BitConverter.TryWriteBytes(key.AsSpan(4), number + 1);
        return new X25519PublicKey(key);
    }

    private byte[] Read(Party bob, byte[] state)
    {
        using var read = DevicePreKeys.Deserialize(state, bob.Identity, bob.PreKeyOptions, _clock);
        return read.Serialize();
    }
}
