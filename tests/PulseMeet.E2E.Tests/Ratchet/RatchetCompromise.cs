using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Ratchet;

/// <summary>Attacks 14, 15 and 17: stolen, cloned and restored states.</summary>
public sealed class RatchetCompromise
{
    [Fact]
    public void A_stolen_state_opens_nothing_that_was_opened_before()
    {
        SessionPair pair = Sessions.Established();
        var earlier = new List<byte[]>();
        for (int i = 0; i < 20; i++)
        {
            byte[] message = pair.Alice.Seal("earlier"u8);
            pair.Bob.Open(message);
            earlier.Add(message);
            if (i % 5 == 4)
            {
                Sessions.RoundTrip(pair);
            }
        }

        RatchetSession stolen = pair.Bob.Copy(pair.Clock);
        Assert.All(earlier, message => Assert.Throws<E2EException>(() => stolen.Open(message)));
    }

    [Fact]
    public void A_stolen_state_of_the_sender_opens_none_of_its_own_messages()
    {
        SessionPair pair = Sessions.Established();
        byte[] message = pair.Alice.Seal("sent"u8);
        RatchetSession stolen = pair.Alice.Copy(pair.Clock);
        Assert.Throws<E2EException>(() => stolen.Open(message));
    }

    [Fact]
    public void After_a_full_round_trip_a_stolen_state_opens_nothing_more()
    {
        SessionPair pair = Sessions.Established();
        pair.Bob.Open(pair.Alice.Seal("before"u8));
        RatchetSession stolen = pair.Bob.Copy(pair.Clock);

        // What the thief can still read is shown too, so that the test would notice if nothing opened at all.
        byte[] readable = pair.Alice.Seal("still readable"u8);
        pair.Bob.Open(readable);
        Assert.Equal("still readable"u8.ToArray(), stolen.Open(readable));

        pair.Alice.Open(pair.Bob.Seal("a fresh key of Bob's"u8));
        byte[][] secret = [.. Enumerable.Range(0, 5).Select(_ => pair.Alice.Seal("after"u8))];
        Assert.All(secret, message => Assert.Throws<E2EException>(() => stolen.Open(message)));
        Assert.All(secret, message => Assert.Equal("after"u8.ToArray(), pair.Bob.Open(message)));
    }

    [Fact]
    public async Task A_hundred_parallel_seals_are_all_distinct_and_all_open()
    {
        SessionPair pair = Sessions.Established();
        byte[][] messages = await Task.WhenAll(
            Enumerable.Range(0, 100).Select(i => Task.Run(() => pair.Alice.Seal(BitConverter.GetBytes(i)))));
        Assert.Equal(100, messages.Select(Nonce).Distinct().Count());
        int[] opened = await Task.WhenAll(messages.Select(message => Task.Run(() => BitConverter.ToInt32(pair.Bob.Open(message)))));
        Assert.Equal(Enumerable.Range(0, 100), opened.Order());
    }

    [Fact]
    public void A_state_restored_from_an_old_copy_repeats_no_nonce_and_no_cipher_key()
    {
        SessionPair pair = Sessions.Established();
        pair.Alice.Seal("begins the chain"u8);
        RatchetSession restored = pair.Alice.Copy(pair.Clock);
        RatchetSession otherBob = pair.Bob.Copy(pair.Clock);

        // The same message key on both; the cipher key is derived from it with the message's nonce as salt.
        byte[] first = pair.Alice.Seal("first timeline"u8);
        byte[] second = restored.Seal("other timeline"u8);
        Assert.NotEqual(Nonce(first), Nonce(second));
        Assert.NotEqual(first[RatchetMessage.BodyAt..], second[RatchetMessage.BodyAt..]);
        Assert.Equal("first timeline"u8.ToArray(), pair.Bob.Open(first));
        Assert.Equal("other timeline"u8.ToArray(), otherBob.Open(second));

        // The peer notices: the second timeline's message has the number of one that it has opened.
        Assert.Equal(E2EError.DuplicateMessage, Refusal.Of(() => pair.Bob.Open(second)));
    }

    [Fact]
    public void Clones_never_repeat_a_nonce()
    {
        SessionPair pair = Sessions.Established();
        RatchetSession[] clones = [.. Enumerable.Range(0, 50).Select(_ => pair.Alice.Copy(pair.Clock))];
        Assert.Equal(500, clones.SelectMany(clone => Enumerable.Range(0, 10).Select(_ => Nonce(clone.Seal("x"u8)))).Distinct().Count());
    }

    [Fact]
    public void Two_copies_of_one_state_never_share_a_cipher_key_and_each_opens_on_a_copy_of_the_peer()
    {
        SessionPair pair = Sessions.Established();
        pair.Alice.Seal("begins the chain"u8);
        byte[] messageKey = Forge.NextMessageKey(pair.Alice);
        var seen = new HashSet<string>();
        for (int i = 0; i < 20; i++)
        {
            RatchetSession clone = pair.Alice.Copy(pair.Clock);
            Assert.Equal(messageKey, Forge.NextMessageKey(clone)); // what a naive cipher would reuse
            byte[] text = [(byte)i];
            byte[] message = clone.Seal(text);
            byte[] nonce = message[RatchetMessage.NonceAt..RatchetMessage.HeaderAt];
            byte[] cipherKey = new byte[32];
            Hkdf.DeriveKey(messageKey, nonce, RatchetMessage.BodyLabel, cipherKey);
            Assert.True(OpensUnder(cipherKey, nonce, message, clone));
            Assert.True(seen.Add(Convert.ToHexString(nonce)));
            Assert.True(seen.Add(Convert.ToHexString(cipherKey)));
            Assert.Equal(text, pair.Bob.Copy(pair.Clock).Open(message));
        }
    }

    [Fact]
    public void After_both_have_stepped_a_stolen_state_of_the_sender_reads_and_writes_nothing_more()
    {
        SessionPair pair = Sessions.Established();
        RatchetSession stolen = pair.Alice.Copy(pair.Clock);
        Sessions.RoundTrip(pair);
        Sessions.RoundTrip(pair);
        byte[] secret = pair.Bob.Seal("after"u8);
        Assert.Throws<E2EException>(() => stolen.Open(secret));
        byte[] before = pair.Bob.Serialize();
        byte[] written = stolen.Seal("as Alice"u8);
        Assert.Throws<E2EException>(() => pair.Bob.Open(written));
        Assert.Equal(before, pair.Bob.Serialize());
        Assert.Equal("after"u8.ToArray(), pair.Alice.Open(secret));
    }

    private static string Nonce(byte[] message) =>
        Convert.ToHexString(message.AsSpan(RatchetMessage.NonceAt, PulseMeet.E2E.Primitives.Randomness.NonceSize));

    private static bool OpensUnder(byte[] cipherKey, byte[] nonce, byte[] message, RatchetSession sender)
    {
        using RatchetState state = Forge.StateOf(sender);
        byte[] buffer = new byte[BodyAssociatedData.MaxSize];
        byte[] body = message[RatchetMessage.BodyAt..];
        return AesGcm256.TryOpen(
            cipherKey,
            nonce,
            body,
            BodyAssociatedData.Write(state.AssociatedData, message, default, buffer),
            new byte[body.Length - AesGcm256.TagSize]);
    }
}
