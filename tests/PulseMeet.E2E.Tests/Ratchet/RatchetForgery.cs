using FsCheck.Xunit;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Ratchet;

/// <summary>Attacks 1, 10, 12 and 19: a message that does not verify changes nothing.</summary>
public sealed class RatchetForgery
{
    [Fact]
    public void A_changed_bit_anywhere_leaves_the_session_as_it_was()
    {
        SessionPair pair = Sessions.Established();
        byte[] message = pair.Alice.Seal("hi"u8);
        byte[] before = pair.Bob.Serialize();
        for (int i = 0; i < message.Length; i++)
        {
            byte[] forged = [.. message];
            forged[i] ^= (byte)(1 << (i % 8));
            Assert.True(Refusal.IsDocumented(() => throw Assert.Throws<E2EException>(() => pair.Bob.Open(forged))));
            Assert.Equal(before, pair.Bob.Serialize());
        }

        Assert.Equal("hi"u8.ToArray(), pair.Bob.Open(message));
    }

    [Fact]
    public void A_forgery_that_looks_like_a_ratchet_step_leaves_the_session_as_it_was()
    {
        SessionPair pair = Sessions.Established();
        byte[] message = pair.Alice.Seal("a new step"u8);
        message[^1] ^= 1;
        byte[] before = pair.Bob.Serialize();
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => pair.Bob.Open(message)));
        Assert.Equal(before, pair.Bob.Serialize());
    }

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData(uint.MaxValue - 1)]
    [InlineData(RatchetLimits.MaxSkippedPerStep + 2u)] // the next number is 1
    public void A_counter_beyond_the_limit_in_the_current_chain_is_refused_before_any_key_is_derived(uint number)
    {
        SessionPair pair = Sessions.Established();
        pair.Bob.Open(pair.Alice.Seal("number 0 of the chain"u8));
        byte[] forged = Forge.WithCounter(pair.Alice, number);
        byte[] before = pair.Bob.Serialize();

        // The body of the forgery is nonsense: had any key been derived for it, the reason would be another.
        Assert.Equal(E2EError.TooFarAhead, Refusal.Of(() => pair.Bob.Open(forged)));
        Assert.Equal(before, pair.Bob.Serialize());
    }

    [Fact]
    public void The_counter_at_the_limit_is_not_refused_for_its_distance()
    {
        SessionPair pair = Sessions.Established();
        pair.Bob.Open(pair.Alice.Seal("number 0 of the chain"u8));
        byte[] forged = Forge.WithCounter(pair.Alice, RatchetLimits.MaxSkippedPerStep + 1);
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => pair.Bob.Open(forged)));
    }

    [Theory]
    [InlineData(1u, uint.MaxValue)]
    [InlineData(1u, RatchetLimits.MaxSkippedPerStep + 1u)]
    public void A_counter_beyond_the_limit_in_a_new_chain_is_refused_before_any_key_is_derived(uint previous, uint number)
    {
        SessionPair pair = Sessions.Established();
        pair.Bob.Open(pair.Alice.Seal("number 0 of the chain"u8));
        using RatchetState alice = Forge.StateOf(pair.Alice);
        using X25519KeyPair fresh = X25519KeyPair.Generate();
        byte[] forged = Forge.WithHeader(
            alice, Forge.BytesOf(alice.NextSendingHeaderKey), fresh.PublicKey.Span, previous, number);
        byte[] before = pair.Bob.Serialize();
        Assert.Equal(E2EError.TooFarAhead, Refusal.Of(() => pair.Bob.Open(forged)));
        Assert.Equal(before, pair.Bob.Serialize());
    }

    [Fact]
    public void A_new_chain_that_denies_messages_already_received_is_refused()
    {
        SessionPair pair = Sessions.Established();
        pair.Bob.Open(pair.Alice.Seal("one"u8));
        using RatchetState alice = Forge.StateOf(pair.Alice);
        using X25519KeyPair fresh = X25519KeyPair.Generate();
        byte[] forged = Forge.WithHeader(alice, Forge.BytesOf(alice.NextSendingHeaderKey), fresh.PublicKey.Span, 0, 0);
        byte[] before = pair.Bob.Serialize();
        Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => pair.Bob.Open(forged)));
        Assert.Equal(before, pair.Bob.Serialize());
    }

    [Theory]
    [MemberData(nameof(Keys.PublicKeyEncodings.LowOrder), MemberType = typeof(Keys.PublicKeyEncodings))]
    public void A_low_order_ratchet_key_in_an_authentic_header_is_refused_and_nothing_changes(string ratchetKey)
    {
        SessionPair pair = Sessions.Established();
        pair.Bob.Open(pair.Alice.Seal("one"u8));
        using RatchetState alice = Forge.StateOf(pair.Alice);
        byte[] forged = Forge.WithHeader(alice, Forge.BytesOf(alice.NextSendingHeaderKey), Convert.FromHexString(ratchetKey), 1, 0);
        byte[] before = pair.Bob.Serialize();
        Assert.Equal(E2EError.InvalidPublicKey, Refusal.Of(() => pair.Bob.Open(forged)));
        Assert.Equal(before, pair.Bob.Serialize());
    }

    [Fact]
    public void Failed_messages_never_end_a_session()
    {
        SessionPair pair = Sessions.Established();
        for (int i = 0; i < 1000; i++)
        {
            byte[] forged = new byte[120];
            forged[0] = RatchetMessage.Version;
            forged[1] = RatchetMessage.Regular;
            PulseMeet.E2E.Primitives.Randomness.Fill(forged.AsSpan(2));
            Assert.Equal(E2EError.NotAuthentic, Refusal.Of(() => pair.Bob.Open(forged)));
        }

        Sessions.RoundTrip(pair);
    }

    [Property(MaxTest = 300)]
    public bool Arbitrary_bytes_are_refused_with_a_reason(byte[] bytes)
    {
        SessionPair pair = s_pair;
        byte[] withPrefix = [1, 1, .. bytes];
        byte[] asFirst = [1, 2, .. bytes];
        return Refusal.IsDocumented(() => pair.Bob.Open(bytes))
            && Refusal.IsDocumented(() => pair.Bob.Open(withPrefix))
            && Refusal.IsDocumented(() => pair.Bob.Open(asFirst));
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        SessionPair pair = Sessions.Begun();
        foreach (byte[] message in new[] { pair.Alice.Seal("first kind"u8), pair.Bob.Seal("second kind"u8) })
        {
            for (int length = 0; length < message.Length; length++)
            {
                Assert.Throws<E2EException>(() => pair.Bob.Open(message.AsSpan(0, length)));
            }
        }
    }

    [Fact]
    public void Another_version_is_refused_as_such()
    {
        SessionPair pair = Sessions.Established();
        byte[] message = pair.Alice.Seal("hi"u8);
        for (int version = 0; version < 256; version++)
        {
            if (version != RatchetMessage.Version)
            {
                message[0] = (byte)version;
                Assert.Equal(E2EError.UnsupportedVersion, Refusal.Of(() => pair.Bob.Open(message)));
            }
        }
    }

    private static readonly SessionPair s_pair = Sessions.Established();
}
