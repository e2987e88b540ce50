using PulseMeet.E2E;
using PulseMeet.E2E.Derivation;
using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;

namespace Monitoring;

/// <summary>Two users with a device each and a session between them, over a key directory in memory.</summary>
public sealed class TwoDevices : IDisposable
{
    private readonly IKeyDerivationService _derivation;
    private readonly InMemoryKeyDirectory _directory;
    private readonly IRatchetSessionFactory _sessions;
    private readonly Ed25519KeyPair _aliceAccount = Ed25519KeyPair.Generate();
    private readonly Ed25519KeyPair _bobAccount = Ed25519KeyPair.Generate();
    private readonly X25519KeyPair _archive = X25519KeyPair.Generate();
    private readonly DeviceIdentity _alice;
    private readonly DeviceIdentity _bob;
    private readonly DevicePreKeys _bobPreKeys;
    private RatchetSession? _toBob;
    private RatchetSession? _toAlice;

    public TwoDevices(IDeviceFactory devices, IRatchetSessionFactory sessions, IKeyDerivationService derivation, TimeProvider time)
    {
        _sessions = sessions;
        _derivation = derivation;
        _directory = new InMemoryKeyDirectory(time);
        _alice = devices.CreateDevice(_aliceAccount, new DeviceAddress("alice", "phone"));
        _bob = devices.CreateDevice(_bobAccount, new DeviceAddress("bob", "phone"));
        _bobPreKeys = devices.CreatePreKeys(_bob);
    }

    /// <summary>Bob publishes, Alice writes first, Bob accepts.</summary>
    public async Task MeetAsync(CancellationToken cancellationToken)
    {
        await _directory.PublishAsync(_bobPreKeys.PreparePublication(directory: default), cancellationToken);
        PreKeyBundle bundle = await _directory.ClaimBundleAsync(_bob.Address, cancellationToken);
        _toBob = _sessions.Initiate(_alice, new ExpectedPeer(_bob.Address, _bobAccount.PublicKey), bundle);
        byte[] first = _toBob.Seal("Hello"u8);
        _toAlice = _sessions.Accept(_bobPreKeys, new ExpectedPeer(_alice.Address, _aliceAccount.PublicKey), first).Session;
        _toBob.Open(_toAlice.Seal("Hello back"u8));
    }

    /// <summary>A few messages, the first of which is late, an archive key, and a look at the prekeys that are left.</summary>
    public async Task TalkAsync(CancellationToken cancellationToken)
    {
        byte[] late = _toBob!.Seal("one"u8);
        _toAlice!.Open(_toBob.Seal("two"u8));
        _toAlice.Open(late);
        _toBob.Open(_toAlice.Seal("three"u8));
        _derivation.DeriveArchiveKey(_archive, _archive.PublicKey, new ConversationContext("archive")).Dispose();
        _bobPreKeys.IsPublicationDue(await _directory.GetStateAsync(_bob.Address, cancellationToken));
    }

    /// <summary>Messages that somebody has changed on the way: each is refused and counted.</summary>
    public void Garble(int messages)
    {
        for (int i = 0; i < messages; i++)
        {
            byte[] message = _toBob!.Seal("changed"u8);
            message[^1] ^= 1;
            try
            {
                _toAlice!.Open(message);
            }
            catch (E2EException)
            {
                // As it has to be.
            }
        }
    }

    /// <summary>Somebody draws one-time pairs until that many are left.</summary>
    public async Task DrawPreKeysAsync(int left, CancellationToken cancellationToken)
    {
        while ((await _directory.GetStateAsync(_bob.Address, cancellationToken)).OneTimePairs > left)
        {
            await _directory.ClaimBundleAsync(_bob.Address, cancellationToken);
        }
    }

    public void Dispose()
    {
        _toBob?.Dispose();
        _toAlice?.Dispose();
        _bobPreKeys.Dispose();
        _alice.Dispose();
        _bob.Dispose();
        _archive.Dispose();
        _aliceAccount.Dispose();
        _bobAccount.Dispose();
    }
}
