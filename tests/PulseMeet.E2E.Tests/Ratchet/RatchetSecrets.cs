using PulseMeet.E2E.Primitives;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Ratchet;

/// <summary>Attacks 11, 13, 17 and 35: what a session keeps, repeats and shows.</summary>
public sealed class RatchetSecrets
{
    [Fact]
    public void Two_copies_of_one_state_never_share_a_cipher_key_and_each_opens_on_a_copy_of_the_peer()
    {
        SessionPair pair = Sessions.Established();
        pair.Alice.Seal("begins the chain"u8);
        byte[] messageKey = NextMessageKey(pair.Alice);
        var seen = new HashSet<string>();
        for (int i = 0; i < 20; i++)
        {
            RatchetSession clone = pair.Alice.Copy(pair.Clock);
            Assert.Equal(messageKey, NextMessageKey(clone)); // what a naive cipher would reuse
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
    public void A_clock_that_was_set_back_keeps_no_skipped_key_beyond_its_time()
    {
        SessionPair pair = Sessions.Established();
        byte[] underWrongClock = pair.Alice.Seal("late"u8);
        pair.Clock.Advance(TimeSpan.FromDays(3650));
        pair.Bob.Open(pair.Alice.Seal("x"u8));
        pair.Clock.Advance(TimeSpan.FromDays(-3650));
        byte[] underRightClock = pair.Alice.Seal("late too"u8);
        pair.Bob.Open(pair.Alice.Seal("x"u8));
        pair.Clock.Advance(RatchetLimits.MaxSkippedKeyAge + TimeSpan.FromSeconds(1));
        pair.Bob.Serialize();
        using RatchetState bob = Forge.StateOf(pair.Bob);
        Assert.Equal(0, bob.Skipped.Count);
        Assert.Equal(E2EError.DuplicateMessage, Refusal.Of(() => pair.Bob.Open(underWrongClock)));
        Assert.Equal(E2EError.DuplicateMessage, Refusal.Of(() => pair.Bob.Open(underRightClock)));
    }

    [Fact]
    public void The_header_keys_of_chains_beyond_the_bound_and_beyond_their_age_are_gone_from_the_stored_state()
    {
        SessionPair pair = Sessions.Established();
        pair.Bob.Open(pair.Alice.Seal("x"u8));
        byte[] headerKey = Forge.BytesOf(Forge.StateOf(pair.Bob).Receiving[0].HeaderKey);
        Assert.True(Contains(pair.Bob, headerKey));
        for (int i = 0; i < RatchetLimits.MaxReceivingChains; i++)
        {
            Assert.True(Contains(pair.Bob, headerKey));
            Sessions.RoundTrip(pair);
        }

        Assert.False(Contains(pair.Bob, headerKey));

        byte[] closed = Forge.BytesOf(Forge.StateOf(pair.Bob).Receiving[1].HeaderKey);
        byte[] open = Forge.BytesOf(Forge.StateOf(pair.Bob).Receiving[0].HeaderKey);
        pair.Clock.Advance(RatchetLimits.MaxSkippedKeyAge + TimeSpan.FromSeconds(1));
        Assert.False(Contains(pair.Bob, closed));
        Assert.True(Contains(pair.Bob, open));
        Sessions.RoundTrip(pair);
    }

    [Fact]
    public void A_message_key_that_was_used_is_in_neither_stored_state()
    {
        SessionPair pair = Sessions.Established();
        pair.Bob.Open(pair.Alice.Seal("x"u8));
        byte[] chainKey = Forge.BytesOf(Forge.StateOf(pair.Alice).Sending!);
        byte[] messageKey = NextMessageKey(pair.Alice);
        byte[] message = pair.Alice.Seal("y"u8);
        pair.Bob.Open(message);
        foreach (RatchetSession session in new[] { pair.Alice, pair.Bob })
        {
            Assert.False(Contains(session, messageKey));
            Assert.False(Contains(session, chainKey));
        }
    }

    [Fact]
    public void A_forgery_leaves_five_receiving_chains_and_their_keys_as_they_were()
    {
        SessionPair pair = Sessions.Established();
        var late = new List<byte[]>();
        for (int i = 0; i < RatchetLimits.MaxReceivingChains; i++)
        {
            late.Add(pair.Alice.Seal([(byte)i]));
            pair.Bob.Open(pair.Alice.Seal("x"u8));
            if (i < RatchetLimits.MaxReceivingChains - 1)
            {
                pair.Alice.Open(pair.Bob.Seal("a new step"u8));
            }
        }

        Assert.Equal(RatchetLimits.MaxReceivingChains, Forge.StateOf(pair.Bob).Receiving.Count);
        byte[] before = pair.Bob.Serialize();
        foreach (byte[] message in late)
        {
            for (int i = 2; i < message.Length; i += 5)
            {
                byte[] forged = [.. message];
                forged[i] ^= 1;
                Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => pair.Bob.Open(forged)));
            }
        }

        Assert.Equal(before, pair.Bob.Serialize());
        Assert.All(late, (message, i) => Assert.Equal([(byte)i], pair.Bob.Open(message)));
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

    [Fact]
    public void A_session_and_its_refusals_print_nothing_of_keys_peers_or_texts()
    {
        SessionPair pair = Sessions.Established();
        byte[] message = pair.Alice.Seal("attack at dawn"u8);
        message[^1] ^= 1;
        string printed = pair.Bob.ToString() + Assert.Throws<E2EException>(() => pair.Bob.Open(message));
        Assert.DoesNotContain("alice", printed, StringComparison.Ordinal);
        Assert.DoesNotContain("dawn", printed, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String(message)[20..40], printed, StringComparison.Ordinal);
        using RatchetState state = Forge.StateOf(pair.Bob);
        string rootKey = Convert.ToBase64String(Forge.BytesOf(state.RootKey));
        Assert.DoesNotContain(rootKey[..12], printed + state + state.Own, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disposed_session_has_zeroed_its_keys_and_serves_no_more()
    {
        RatchetState state = Forge.StateOf(Sessions.Established().Bob);
        Span<byte> root = Memory(state.RootKey.Use());
        Span<byte> header = Memory(state.NextReceivingHeaderKey.Use());
        Span<byte> own = Memory(state.Own.Use());
        Span<byte> chain = Memory(state.Receiving[0].ChainKey!.Use());
        Assert.All([root.ToArray(), header.ToArray(), own.ToArray(), chain.ToArray()], key => Assert.Contains(key, b => b != 0));
        state.Dispose();
        Assert.True(root.IndexOfAnyExcept((byte)0) < 0);
        Assert.True(header.IndexOfAnyExcept((byte)0) < 0);
        Assert.True(own.IndexOfAnyExcept((byte)0) < 0);
        Assert.True(chain.IndexOfAnyExcept((byte)0) < 0);

        RatchetSession session = Sessions.Established().Bob;
        session.Dispose();
        Assert.Throws<ObjectDisposedException>(() => session.Seal("x"u8));
    }

    [Fact]
    public async Task Messages_opened_in_parallel_open_once_each()
    {
        SessionPair pair = Sessions.Established();
        byte[][] messages = [.. Enumerable.Range(0, 50).Select(i => pair.Alice.Seal([(byte)i]))];
        int[] opened = await Task.WhenAll(messages.Concat(messages).Select(message => Task.Run(() =>
        {
            try
            {
                return pair.Bob.Open(message)[0];
            }
            catch (E2EException exception) when (exception.Reason == E2EError.DuplicateMessage)
            {
                return -1;
            }
        })));
        Assert.Equal(Enumerable.Range(0, 50), opened.Where(i => i >= 0).Order());
    }

    /// <summary>Looks at the memory after its owner let go of it: what no code of the library can do.</summary>
    private static Span<byte> Memory(SecretScope scope)
    {
        using SecretScope ended = scope;
        return ended.Span;
    }

    private static byte[] NextMessageKey(RatchetSession session)
    {
        using RatchetState state = Forge.StateOf(session);
        byte[] messageKey = new byte[ChainKey.Size];
        state.Sending!.Step(messageKey);
        return messageKey;
    }

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

    private static bool Contains(RatchetSession session, byte[] secret) =>
        session.Serialize().AsSpan().IndexOf(secret) >= 0;
}
