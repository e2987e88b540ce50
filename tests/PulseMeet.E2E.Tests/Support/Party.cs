using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.PreKeys;
using PulseMeet.E2E.Ratchet;

namespace PulseMeet.E2E.Tests.Support;

/// <summary>One user with one device: what a test needs to talk.</summary>
internal sealed class Party
{
    private static readonly OneTimePreKeyCount s_none = new(0, 0);

    public Party(string userId, TestClock clock, int oneTimePreKeys = 2, string deviceId = "phone")
    {
        Clock = clock;
        PreKeyOptions = new PreKeyOptions { OneTimePreKeys = oneTimePreKeys };
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

    public PreKeyPublication Publish() => PreKeys.Publish(s_none);

    public async Task<PreKeyBundle> BundleFromDirectory(IKeyDirectory directory)
    {
        await directory.PublishAsync(Publish());
        return await directory.ClaimBundleAsync(Identity.Address);
    }

    /// <summary>A bundle as a directory would hand it out.</summary>
    public PreKeyBundle Bundle(bool oneTime = true, bool lastResort = false)
    {
        PreKeyPublication published = Publish();
        return new(
            published.Certificate,
            published.SignedPreKey,
            lastResort ? published.LastResortPreKey : published.OneTimeKemPreKeys[0],
            oneTime ? published.OneTimePreKeys[0] : null);
    }

    public RatchetSession Initiate(Party peer, PreKeyBundle bundle) =>
        RatchetSession.Initiate(Identity, peer.AsPeer, bundle, Options, Clock);

    public AcceptedSession Accept(Party peer, ReadOnlySpan<byte> message) =>
        RatchetSession.Accept(Identity, PreKeys, peer.AsPeer, message, Options, Clock);
}
