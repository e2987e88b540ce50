using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Ratchet;

/// <summary>A caller's mistake is said at once, wherever a session begins, is read or is used; nothing of it becomes a session.</summary>
public sealed class RatchetArguments
{
    private static readonly PreKeyOptions s_preKeys = new();
    private static readonly RatchetOptions s_options = new();

    private readonly TestClock _clock = new();
    private readonly Party _alice;
    private readonly Party _bob;

    public RatchetArguments() => (_alice, _bob) = (new Party("alice", _clock), new Party("bob", _clock));

    private static TimeSpan Tick => TimeSpan.FromTicks(1);

    [Fact]
    public void What_is_missing_is_named_wherever_a_session_begins_or_is_read()
    {
        PreKeyBundle bundle = _bob.Bundle();
        RatchetSession session = _alice.Initiate(_bob, bundle);
        byte[] state = session.Serialize();
        byte[] first = session.Seal("x"u8);
        (string Name, Action Call)[] calls =
        [
            ("own", () => RatchetSession.Initiate(null!, _bob.AsPeer, bundle, s_options, s_preKeys, _clock)),
            ("peer", () => RatchetSession.Initiate(_alice.Identity, null!, bundle, s_options, s_preKeys, _clock)),
            ("bundle", () => RatchetSession.Initiate(_alice.Identity, _bob.AsPeer, null!, s_options, s_preKeys, _clock)),
            ("options", () => RatchetSession.Initiate(_alice.Identity, _bob.AsPeer, bundle, null!, s_preKeys, _clock)),
            ("preKeyOptions", () => RatchetSession.Initiate(_alice.Identity, _bob.AsPeer, bundle, s_options, null!, _clock)),
            ("time", () => RatchetSession.Initiate(_alice.Identity, _bob.AsPeer, bundle, s_options, s_preKeys, null!)),
            ("preKeys", () => RatchetSession.Accept(null!, _alice.AsPeer, first, s_options, _clock)),
            ("peer", () => RatchetSession.Accept(_bob.PreKeys, null!, first, s_options, _clock)),
            ("options", () => RatchetSession.Accept(_bob.PreKeys, _alice.AsPeer, first, null!, _clock)),
            ("time", () => RatchetSession.Accept(_bob.PreKeys, _alice.AsPeer, first, s_options, null!)),
            ("options", () => RatchetSession.Deserialize(state, null!, _clock)),
            ("time", () => RatchetSession.Deserialize(state, s_options, null!)),
            ("ratchet", () => _ = new RatchetSessionFactory(null!, s_preKeys, _clock)),
            ("preKeys", () => _ = new RatchetSessionFactory(s_options, null!, _clock)),
            ("time", () => _ = new RatchetSessionFactory(s_options, s_preKeys, null!)),
            ("Padding", () => RatchetSession.Deserialize(state, new() { Padding = null! }, _clock)),
        ];
        Assert.All(calls, call => Assert.Equal(call.Name, Assert.Throws<ArgumentNullException>(call.Call).ParamName));
    }

    [Fact]
    public void An_interval_of_renewal_is_taken_at_both_its_ends_and_refused_beyond_them()
    {
        byte[] state = _alice.Initiate(_bob, _bob.Bundle()).Serialize();
        foreach (TimeSpan interval in new[] { Tick, TimeSpan.FromDays(3650) })
        {
            RatchetSession.Deserialize(state, new() { RenewalInterval = interval }, _clock).Dispose();
        }

        foreach (TimeSpan interval in new[] { TimeSpan.Zero, -Tick, TimeSpan.FromDays(3650) + Tick })
        {
            RatchetOptions options = new() { RenewalInterval = interval };
            Assert.ThrowsAny<ArgumentException>(() => RatchetSession.Deserialize(state, options, _clock));
            Assert.ThrowsAny<ArgumentException>(() => new RatchetSessionFactory(options, s_preKeys, _clock));
        }

        Assert.ThrowsAny<ArgumentException>(
            () => new RatchetSessionFactory(s_options, new() { OneTimePairs = PreKeyPublication.MaxOneTimePairs + 1 }, _clock));
    }

    [Fact]
    public void A_factory_begins_takes_and_reads_sessions_with_its_own_options_and_clock()
    {
        RatchetOptions options = new() { RenewalInterval = TimeSpan.FromHours(1) };
        var factory = new RatchetSessionFactory(options, _bob.PreKeyOptions, _clock);
        RatchetSession alice = factory.Initiate(_alice.Identity, _bob.AsPeer, _bob.Bundle());
        AcceptedSession bob = factory.Accept(_bob.PreKeys, _alice.AsPeer, alice.Seal("x"u8, "data"u8), "data"u8);
        Assert.Equal("x"u8.ToArray(), bob.Plaintext.ToArray());
        Assert.False(alice.IsRenewalDue);
        _clock.Advance(TimeSpan.FromHours(1));
        Assert.True(alice.IsRenewalDue);
        Assert.True(factory.Load(alice.Serialize()).IsRenewalDue);
        Assert.Equal("y"u8.ToArray(), factory.Load(alice.Serialize()).Open(bob.Session.Seal("y"u8)));
        var another = new RatchetSessionFactory(
            options, new() { Profile = SharedProfile.FromSalt("another") }, _clock);
        Assert.Equal(E2EError.ProfileMismatch, Refusal.Of(() => another.Initiate(_alice.Identity, _bob.AsPeer, _bob.Bundle())));
    }

    [Fact]
    public void Associated_data_that_is_too_long_is_refused_before_a_message_is_written_anywhere()
    {
        SessionPair pair = Sessions.Established();
        byte[] before = pair.Alice.Serialize();
        byte[] destination = new byte[1000];
        Assert.Throws<ArgumentException>(() => pair.Alice.TrySeal("x"u8, destination, out _, new byte[RatchetLimits.MaxAssociatedData + 1]));
        Assert.Equal(before, pair.Alice.Serialize());
        Assert.All(destination, b => Assert.Equal(0, b));
    }

    [Fact]
    public void A_root_key_has_32_bytes()
    {
        using X25519KeyPair own = X25519KeyPair.Generate();
        Assert.Throws<ArgumentException>(() => RootKey.Step(new byte[33], own, _bob.Identity.Certificate.IdentityKey, new RootStep(new byte[96])));
    }
}
