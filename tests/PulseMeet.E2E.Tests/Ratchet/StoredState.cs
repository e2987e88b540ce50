using System.Text.Json.Nodes;
using FsCheck.Xunit;
using PulseMeet.E2E.Handshake;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Ratchet;

/// <summary>What version 1 stored, every later version reads; what is damaged is refused.</summary>
/// <remarks>Fixtures/state-v1.json is never written again. To make the fixture of a later version, run this class with the
/// environment variable PULSEMEET_E2E_WRITE_STATE set to the file's path.</remarks>
public sealed class StoredState
{
    private static readonly JsonObject s_fixture =
        JsonNode.Parse(File.ReadAllText(Path.Combine("Fixtures", "state-v1.json")))!.AsObject();

    private readonly TestClock _clock = new();

    [Fact]
    public void A_session_stored_by_version_1_opens_what_was_under_way_and_talks_on()
    {
        using RatchetSession alice = RatchetSession.Deserialize(Bytes("alice_session"), new RatchetOptions(), _clock);
        using RatchetSession bob = RatchetSession.Deserialize(Bytes("bob_session"), new RatchetOptions(), _clock);
        Assert.Equal("late"u8.ToArray(), bob.Open(Bytes("late_message")));
        Assert.Equal("next"u8.ToArray(), bob.Open(Bytes("next_message")));
        Assert.Equal("answer"u8.ToArray(), alice.Open(bob.Seal("answer"u8)));
        Assert.Equal("again"u8.ToArray(), bob.Open(alice.Seal("again"u8)));
    }

    [Fact]
    public void Prekeys_and_an_identity_stored_by_version_1_accept_a_first_message()
    {
        using DeviceIdentity identity = DeviceIdentity.Deserialize(Bytes("bob_identity"));
        using DevicePreKeys preKeys = DevicePreKeys.Deserialize(Bytes("bob_prekeys"), identity, new PreKeyOptions(), _clock);
        var alice = new ExpectedPeer(new DeviceAddress("alice", "phone"));
        AcceptedSession accepted = RatchetSession.Accept(
            identity, preKeys, alice, Bytes("first_message"), new RatchetOptions(), _clock);
        Assert.Equal("first"u8.ToArray(), accepted.Plaintext.ToArray());
        Assert.Equal(
            E2EError.ReplayedHandshake,
            Refusal.Of(() => RatchetSession.Accept(
                identity, preKeys, alice, Bytes("replayed_message"), new RatchetOptions(), _clock)));
    }

    [Fact]
    public void What_is_read_is_written_again_byte_for_byte()
    {
        foreach (string name in new[] { "alice_session", "bob_session" })
        {
            byte[] state = Bytes(name);
            Assert.Equal(state, RatchetSession.Deserialize(state, new RatchetOptions(), _clock).Serialize());
        }

        using DeviceIdentity identity = DeviceIdentity.Deserialize(Bytes("bob_identity"));
        Assert.Equal(Bytes("bob_identity"), identity.Serialize());
        Assert.Equal(
            Bytes("bob_prekeys"),
            DevicePreKeys.Deserialize(Bytes("bob_prekeys"), identity, new PreKeyOptions(), _clock).Serialize());
    }

    [Fact]
    public void Every_truncation_and_trailing_byte_of_a_session_is_refused()
    {
        byte[] state = Bytes("bob_session");
        for (int length = 0; length < state.Length; length++)
        {
            Assert.Throws<E2EException>(() => Read(state[..length]));
        }

        Assert.Throws<E2EException>(() => Read([.. state, 0]));
    }

    [Fact]
    public void A_later_version_is_refused_as_such()
    {
        foreach (byte version in new byte[] { 0, 2, 255 })
        {
            byte[] state = Bytes("bob_session");
            state[0] = version;
            Assert.Equal(E2EError.UnsupportedVersion, Refusal.Of(() => Read(state)));
        }
    }

    [Property(MaxTest = 300)]
    public bool A_damaged_session_is_refused_or_read_and_nothing_else(int at, byte value)
    {
        byte[] state = Bytes("bob_session");
        state[(int)((uint)at % state.Length)] = value;
        return Refusal.IsDocumented(() => Read(state))
            && Refusal.IsDocumented(() => Read(state[((int)((uint)at % state.Length))..]));
    }

    [Fact]
    public void A_fixture_of_this_version_is_written_on_request()
    {
        string? path = Environment.GetEnvironmentVariable("PULSEMEET_E2E_WRITE_STATE");
        JsonObject written = Write();
        Assert.Equal(s_fixture.Select(pair => pair.Key), written.Select(pair => pair.Key));
        if (path is not null)
        {
            File.WriteAllText(path, written.ToJsonString(new() { WriteIndented = true }) + "\n");
        }
    }

    private JsonObject Write()
    {
        var alice = new Party("alice", _clock);
        var bob = new Party("bob", _clock);
        RatchetSession toBob = alice.Initiate(bob, bob.Bundle());
        byte[] replayed = toBob.Seal("replayed"u8);
        RatchetSession toAlice = bob.Accept(alice, replayed).Session;
        toBob.Open(toAlice.Seal("answer"u8));
        byte[] late = toBob.Seal("late"u8);
        toAlice.Open(toBob.Seal("in time"u8));
        byte[] next = toBob.Seal("next"u8);
        byte[] first = alice.Initiate(bob, bob.Bundle()).Seal("first"u8);
        string Text(byte[] bytes) => Convert.ToBase64String(bytes);
        return new JsonObject
        {
            ["alice_session"] = Text(toBob.Serialize()),
            ["bob_session"] = Text(toAlice.Serialize()),
            ["late_message"] = Text(late),
            ["next_message"] = Text(next),
            ["bob_identity"] = Text(bob.Identity.Serialize()),
            ["bob_prekeys"] = Text(bob.PreKeys.Serialize()),
            ["first_message"] = Text(first),
            ["replayed_message"] = Text(replayed),
        };
    }

    private void Read(byte[] state) => RatchetSession.Deserialize(state, new RatchetOptions(), _clock).Dispose();

    private static byte[] Bytes(string name) => Convert.FromBase64String((string)s_fixture[name]!);
}
