using PulseMeet.E2E.Identity;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Ratchet;

/// <summary>State that was stored by an earlier version reads, opens what it has to, and refuses what it has to.</summary>
/// <remarks>Fixtures/state-v2.json was written by this class with PULSEMEET_WRITE_FIXTURE=PATH in the environment and is never
/// written again; a new version of a stored format gets a fixture of its own beside it.</remarks>
public sealed class StateCompatibility
{
    private readonly TestClock _clock = new();

    public StateCompatibility() => _clock.Advance(StateFixture.StoredAfter);

    public static TheoryData<string> Fixtures() => ["Fixtures/state-v2.json"];

    [Fact]
    public void What_is_written_today_reads_too()
    {
        StateFixture written = StateFixture.Create();
        string path = Environment.GetEnvironmentVariable("PULSEMEET_WRITE_FIXTURE") ?? Path.GetTempFileName();
        written.Write(path);
        CheckSession(StateFixture.Read(path));
        CheckPreKeys(StateFixture.Read(path));
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void A_stored_session_opens_its_messages_and_talks_on(string path) =>
        CheckSession(StateFixture.Read(Path.Combine(AppContext.BaseDirectory, path)));

    [Theory]
    [MemberData(nameof(Fixtures))]
    public void Stored_prekeys_accept_their_first_messages_and_remember_the_accepted_one(string path) =>
        CheckPreKeys(StateFixture.Read(Path.Combine(AppContext.BaseDirectory, path)));

    [Fact]
    public void State_of_version_1_without_an_mls_key_and_a_signed_device_list_is_refused_as_such()
    {
        StateFixture old = StateFixture.Read(Path.Combine(AppContext.BaseDirectory, "Fixtures/state-v1.json"));
        Assert.Equal(E2EError.UnsupportedVersion, Refusal.Of(() => DeviceIdentity.Deserialize(old.Identity)));
        Assert.Equal(E2EError.UnsupportedVersion, Refusal.Of(() => Load(old.Session)));
    }

    private void CheckSession(StateFixture fixture)
    {
        using RatchetSession session = Load(fixture.Session);
        Assert.Equal(fixture.Session, session.Serialize());
        foreach (StateFixture.Message message in fixture.Opens)
        {
            Assert.Equal(message.Text, System.Text.Encoding.UTF8.GetString(session.Open(message.Sealed)));
            Assert.Equal(E2EError.DuplicateMessage, Refusal.Of(() => session.Open(message.Sealed)));
        }

        Assert.Equal(E2EError.DuplicateMessage, Refusal.Of(() => session.Open(fixture.Duplicate)));
        using RatchetSession peer = Load(fixture.PeerSession);
        Assert.Equal("on"u8.ToArray(), peer.Open(session.Seal("on"u8)));
        Assert.Equal("and on"u8.ToArray(), session.Open(peer.Seal("and on"u8)));
    }

    private void CheckPreKeys(StateFixture fixture)
    {
        using DeviceIdentity bob = DeviceIdentity.Deserialize(fixture.Identity);
        using DeviceIdentity alice = DeviceIdentity.Deserialize(fixture.PeerIdentity);
        Assert.Equal(fixture.Identity, bob.Serialize());
        using var preKeys = DevicePreKeys.Deserialize(fixture.PreKeys, bob, new PreKeyOptions(), _clock);
        Assert.Equal(fixture.PreKeys, preKeys.Serialize());
        var peer = new ExpectedPeer(alice.Address, alice.Certificate.AccountKey);
        Assert.Equal(
            E2EError.ReplayedHandshake,
            Refusal.Of(() => RatchetSession.Accept(bob, preKeys, peer, fixture.ReplayedFirstMessage, new(), _clock)));
        foreach (StateFixture.Message message in fixture.FirstMessages)
        {
            AcceptedSession accepted = RatchetSession.Accept(bob, preKeys, peer, message.Sealed, new(), _clock);
            Assert.Equal(message.Text, System.Text.Encoding.UTF8.GetString(accepted.Plaintext.Span));
            accepted.Session.Dispose();
        }

        using RatchetSession pending = Load(fixture.PendingSession);
        Assert.False(pending.IsAcknowledged);
        Assert.True(pending.BeganWith(fixture.FirstMessages[^1].Sealed));
        Assert.True(RatchetSession.IsFirstMessage(pending.Seal("again"u8)));
    }

    private RatchetSession Load(byte[] state) => RatchetSession.Deserialize(state, new RatchetOptions(), _clock);
}
