using FsCheck.Xunit;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Ratchet;

/// <summary>Attack 34: what a store or a network gives back is read in full or refused with a reason, and what was read never
/// fails in another way later.</summary>
public sealed class StoredState
{
    private static readonly TestClock s_clock = new();
    private static readonly Party s_alice = new("alice", s_clock);
    private static readonly Party s_bob = new("bob", s_clock);
    private static readonly byte[] s_bundle = s_bob.Bundle().ToArray();
    private static readonly byte[] s_identity = s_bob.Identity.Serialize();
    private static readonly byte[] s_preKeys = s_bob.PreKeys.Serialize();
    private static readonly byte[] s_first = s_alice.Initiate(s_bob, PreKeyBundle.Decode(s_bundle)).Seal("first"u8);
    private static readonly byte[] s_session = RichSession(out s_messages);
    private static readonly byte[][] s_messages;

    /// <summary>Every decoder with a good input, and what is done with the result.</summary>
    private static readonly (string Name, byte[] Good, Action<byte[]> Read)[] s_decoders =
    [
        ("certificate", s_bob.Identity.Certificate.Encode(), b => DeviceCertificate.Decode(b).Verify(s_clock.GetUtcNow())),
        ("signed prekey", PreKeyBundle.Decode(s_bundle).SignedPreKey.ToArray(), b => SignedPreKey.Decode(b)),
        ("post-quantum prekey", PreKeyBundle.Decode(s_bundle).KemPreKey.ToArray(), b => KemPreKey.Decode(b)),
        ("bundle", s_bundle, b => s_alice.Initiate(s_bob, PreKeyBundle.Decode(b)).Dispose()),
        ("identity", s_identity, b => DeviceIdentity.Deserialize(b).Dispose()),
        ("prekeys", s_preKeys, UsePreKeys),
        ("session", s_session, UseSession),
        ("first message", s_first, b => Reread(s_preKeys).Accept(s_alice, b)),
        ("message", s_messages[0], b => Load(s_session).Open(b)),
    ];

    public static TheoryData<int> Decoders() => [.. Enumerable.Range(0, 9)];

    [Theory]
    [MemberData(nameof(Decoders))]
    public void The_good_input_is_read(int decoder) => s_decoders[decoder].Read(s_decoders[decoder].Good);

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Every_truncation_is_refused_with_a_reason(int decoder)
    {
        (string name, byte[] good, Action<byte[]> read) = s_decoders[decoder];
        for (int length = 0; length < good.Length; length++)
        {
            byte[] cut = good[..length];
            Assert.True(Refusal.IsDocumented(() => read(cut)), name);
            Assert.Throws<E2EException>(() => read(cut));
        }
    }

    [Theory]
    [MemberData(nameof(Decoders))]
    public void Trailing_bytes_are_refused(int decoder)
    {
        (_, byte[] good, Action<byte[]> read) = s_decoders[decoder];
        Assert.Throws<E2EException>(() => read([.. good, 0]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Every_other_version_is_refused_as_such(int decoder)
    {
        (_, byte[] good, Action<byte[]> read) = s_decoders[decoder];
        for (int version = 0; version < 256; version++)
        {
            if (version != good[0])
            {
                byte[] changed = [(byte)version, .. good[1..]];
                Assert.Equal(E2EError.UnsupportedVersion, Refusal.Of(() => read(changed)));
            }
        }
    }

    [Property(MaxTest = 40)]
    public bool A_mutation_is_read_or_refused_with_a_reason(int at, byte value, int count) =>
        s_decoders.All(decoder =>
        {
            byte[] changed = [.. decoder.Good];
            for (int i = 0; i <= Math.Abs(count % 8); i++)
            {
                changed[(int)((uint)(at + (i * 31)) % changed.Length)] ^= (byte)(value | 1);
            }

            return Refusal.IsDocumented(() => decoder.Read(changed));
        });

    [Fact]
    public void Any_changed_byte_of_a_stored_session_is_read_or_refused_and_the_session_then_still_keeps_to_its_exceptions()
    {
        for (int i = 0; i < s_session.Length; i++)
        {
            byte[] changed = [.. s_session];
            changed[i] ^= (byte)(1 << (i % 8));
            Assert.True(Refusal.IsDocumented(() => UseSession(changed)), $"at {i}");
        }
    }

    [Property(MaxTest = 100)]
    public bool Arbitrary_bytes_are_refused_with_a_reason(byte[] bytes) =>
        s_decoders.All(decoder => Refusal.IsDocumented(() => decoder.Read(bytes))
            && Refusal.IsDocumented(() => decoder.Read([1, .. bytes])));

    [Fact]
    public void A_session_state_that_has_neither_sent_nor_received_is_refused()
    {
        using RatchetState state = Forge.StateOf(Load(s_session));
        byte[] rootKey = Forge.BytesOf(state.RootKey);
        using var bare = new RatchetState(state.AssociatedData, X25519KeyPair.Generate(), rootKey, rootKey, rootKey);
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => Load(WithRatchet(bare)).Seal("x"u8)));
    }

    [Fact]
    public void A_skipped_key_that_its_chain_has_not_reached_is_refused()
    {
        using RatchetState state = Forge.StateOf(Load(s_session));
        state.Skipped.Add(state.Receiving[0].Id, state.Receiving[0].Next, s_clock.GetUtcNow(), new byte[ChainKey.Size]);
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => Load(WithRatchet(state))));
    }

    [Fact]
    public void Stored_prekeys_whose_next_id_is_taken_are_refused()
    {
        byte[] changed = [.. s_preKeys];
        changed.AsSpan(1, 4).Clear();
        changed[4] = 3;
        Assert.Equal(E2EError.InvalidEncoding, Refusal.Of(() => UsePreKeys(changed)));
    }

    [Fact]
    public void Another_devices_prekeys_are_refused() =>
        Assert.Equal(
            E2EError.InvalidSignature,
            Refusal.Of(() => DevicePreKeys.Deserialize(s_preKeys, s_alice.Identity, s_alice.PreKeyOptions, s_clock)));

    [Fact]
    public void The_same_state_gives_the_same_bytes() => Assert.Equal(s_session, Load(s_session).Serialize());

    /// <summary>A state with a sending chain, several receiving chains and skipped keys in two of them.</summary>
    private static byte[] RichSession(out byte[][] late)
    {
        SessionPair pair = Sessions.Established();
        byte[] one = pair.Alice.Seal("late"u8);
        pair.Bob.Open(pair.Alice.Seal("x"u8));
        Sessions.RoundTrip(pair);
        byte[] two = pair.Alice.Seal("later"u8);
        pair.Bob.Open(pair.Alice.Seal("x"u8));
        pair.Bob.Seal("begins a sending chain"u8);
        late = [one, two];
        return pair.Bob.Serialize();
    }

    private static byte[] WithRatchet(RatchetState ratchet)
    {
        SessionState state = SessionStateCodec.Read(s_session);
        return SessionStateCodec.Write(
            new SessionState(ratchet, state.Peer, state.HandshakeHash, state.Handshake, state.EstablishedAt));
    }

    private static RatchetSession Load(byte[] state) => RatchetSession.Deserialize(state, new RatchetOptions(), s_clock);

    private static void UseSession(byte[] state)
    {
        using RatchetSession session = Load(state);
        session.Seal("x"u8);
        foreach (byte[] message in s_messages)
        {
            Assert.True(Refusal.IsDocumented(() => session.Open(message)));
        }

        session.Serialize();
    }

    private static void UsePreKeys(byte[] state)
    {
        using var preKeys = DevicePreKeys.Deserialize(state, s_bob.Identity, s_bob.PreKeyOptions, s_clock);
        Assert.True(Refusal.IsDocumented(() => preKeys.Publish(new OneTimePreKeyCount(2, 2))));
        preKeys.Serialize();
    }

    private static Party Reread(byte[] preKeys)
    {
        var bob = new Party("bob", s_clock, oneTimePreKeys: 0) { Identity = s_bob.Identity };
        bob.PreKeys = DevicePreKeys.Deserialize(preKeys, s_bob.Identity, s_bob.PreKeyOptions, s_clock);
        return bob;
    }
}
