using System.Text.Json;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Ratchet;

/// <summary>What a device has stored, in base64, and the messages that it has to open after it was read again.</summary>
/// <param name="Version">Of the stored formats.</param>
/// <param name="Identity">Bob's device.</param>
/// <param name="PreKeys">Bob's prekeys: two generations, one-time pairs, one first message accepted.</param>
/// <param name="PeerIdentity">Alice's device.</param>
/// <param name="Session">Bob's end of a session: several chains, skipped keys, a sending chain.</param>
/// <param name="PeerSession">Alice's end.</param>
/// <param name="Opens">What opens on Bob's session, late messages included.</param>
/// <param name="Duplicate">What Bob's session has opened before.</param>
/// <param name="PendingSession">A session of Alice's that nobody has answered.</param>
/// <param name="FirstMessages">First messages that Bob's prekeys accept: under the retired and the current generation.</param>
/// <param name="ReplayedFirstMessage">The one that they have accepted.</param>
internal sealed record StateFixture(
    int Version,
    byte[] Identity,
    byte[] PreKeys,
    byte[] PeerIdentity,
    byte[] Session,
    byte[] PeerSession,
    IReadOnlyList<StateFixture.Message> Opens,
    byte[] Duplicate,
    byte[] PendingSession,
    IReadOnlyList<StateFixture.Message> FirstMessages,
    byte[] ReplayedFirstMessage)
{
    /// <summary>How long after the beginning of <see cref="TestClock"/> the state was stored.</summary>
    public static readonly TimeSpan StoredAfter = TimeSpan.FromDays(31);

    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };

    /// <summary>A message and its text.</summary>
    public sealed record Message(byte[] Sealed, string Text);

    public static StateFixture Read(string path) => JsonSerializer.Deserialize<StateFixture>(File.ReadAllText(path), s_json)!;

    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, s_json) + "\n");

    /// <summary>Makes the fixture with the formats that the library writes now.</summary>
    public static StateFixture Create()
    {
        var clock = new TestClock();
        var alice = new Party("alice", clock);
        var bob = new Party("bob", clock);
        byte[] underRetired = alice.Initiate(bob, bob.Bundle()).Seal("under a retired prekey"u8);
        byte[] replayed = alice.Initiate(bob, bob.Bundle(oneTime: false)).Seal("accepted"u8);
        bob.Accept(alice, replayed);
        clock.Advance(StoredAfter);
        RatchetSession pending = alice.Initiate(bob, bob.Bundle());
        byte[] underCurrent = pending.Seal("under a current prekey"u8);

        RatchetSession peer = alice.Initiate(bob, bob.Bundle(oneTime: false));
        RatchetSession session = bob.Accept(alice, peer.Seal("first"u8)).Session;
        peer.Open(session.Seal("answer"u8));
        Message late = Next(peer, "late, from the previous chain");
        byte[] duplicate = peer.Seal("opened before"u8);
        session.Open(duplicate);
        peer.Open(session.Seal("a step"u8));
        Message missing = Next(peer, "late, from the current chain");
        session.Open(peer.Seal("x"u8));
        Message next = Next(peer, "the next one");
        session.Seal("begins a sending chain"u8);
        return new(
            2,
            bob.Identity.Serialize(),
            bob.PreKeys.Serialize(),
            alice.Identity.Serialize(),
            session.Serialize(),
            peer.Serialize(),
            [late, missing, next],
            duplicate,
            pending.Serialize(),
            [new(underRetired, "under a retired prekey"), new(underCurrent, "under a current prekey")],
            replayed);
    }

    private static Message Next(RatchetSession sender, string text) =>
        new(sender.Seal(System.Text.Encoding.UTF8.GetBytes(text)), text);
}
