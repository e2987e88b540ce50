using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;

namespace PulseMeet.E2E.Tests.Support;

/// <summary>One user with one device: what a test needs to talk.</summary>
internal sealed class Party
{
    public Party(string userId, TestClock clock, int oneTimePairs = 2, string deviceId = "phone")
    {
        Clock = clock;
        PreKeyOptions = new PreKeyOptions { OneTimePairs = oneTimePairs };
        Account = Ed25519KeyPair.Generate();
        Identity = DeviceIdentity.Create(Account, new DeviceAddress(userId, deviceId), clock);
        PreKeys = DevicePreKeys.Create(Identity, PreKeyOptions, clock);
    }

    public TestClock Clock { get; }

    public Ed25519KeyPair Account { get; }

    public DeviceIdentity Identity { get; set; }

    public PreKeyOptions PreKeyOptions { get; }

    public DevicePreKeys PreKeys { get; set; }

    public RatchetOptions Options { get; } = new();

    public ExpectedPeer AsPeer => new(Identity.Address, Account.PublicKey);

    /// <summary>What the directory says once everything has arrived there.</summary>
    public DirectoryState Full => new(PreKeyOptions.OneTimePairs, PreKeys.PublicationHash);

    public PreKeyPublication Publish() => PreKeys.PreparePublication(default);

    public async Task<PreKeyBundle> BundleFromDirectory(IKeyDirectory directory)
    {
        await directory.PublishAsync(Publish());
        return await directory.ClaimBundleAsync(Identity.Address);
    }

    /// <summary>A bundle as a directory would hand it out.</summary>
    public PreKeyBundle Bundle(bool oneTime = true)
    {
        PreKeyPublication published = Publish();
        return PreKeyBundle.Decode(PreKeyBundle.Assemble(
            published.Certificate.Encode(), published.SignedPair.Encode(), oneTime ? published.OneTimePairs[0].Encode() : []));
    }

    public RatchetSession Initiate(Party peer, PreKeyBundle bundle) =>
        RatchetSession.Initiate(Identity, peer.AsPeer, bundle, Options, PreKeyOptions, Clock);

    public AcceptedSession Accept(Party peer, ReadOnlySpan<byte> message) => Accept(peer.AsPeer, message);

    public AcceptedSession Accept(ExpectedPeer peer, ReadOnlySpan<byte> message) =>
        RatchetSession.Accept(PreKeys, peer, message, Options, Clock);
}
