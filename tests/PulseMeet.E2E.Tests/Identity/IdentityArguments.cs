using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Keys;
using PulseMeet.E2E.Tests.Support;

namespace PulseMeet.E2E.Tests.Identity;

/// <summary>A caller's mistake is said at once and names the parameter.</summary>
public sealed class IdentityArguments
{
    private readonly TestClock _clock = new();

    [Fact]
    public void What_is_missing_is_named()
    {
        var alice = new Party("alice", _clock);
        DeviceCertificate own = alice.Identity.Certificate;
        DeviceList list = DeviceList.Sign(alice.Account, [own], null, _clock);
        DateTimeOffset now = _clock.GetUtcNow();
        var log = new LinkLog();
        using LinkRequest request = LinkRequest.Create(new("alice", "laptop"), _clock);
        LinkApproval approval = LinkApproval.Read(request.Payload, "alice", log, now);
        using LinkKeyRequest keyRequest = LinkKeyRequest.Create(alice.Identity, _clock);
        LinkKeyHandover handover = LinkKeyHandover.Read(keyRequest.ToArray(), list, log, now);
        using RecoveryKey recovery = RecoveryKey.Generate();
        DeviceCertificate Issue(Ed25519KeyPair account, DeviceAddress address, X25519PublicKey identity, Ed25519PublicKey signing, Ed25519PublicKey mls) =>
            DeviceCertificate.Issue(account, address, identity, signing, mls, now, now.AddDays(1));

        (string Name, Action Call)[] calls =
        [
            ("account", () => DeviceList.Sign(null!, [own], null, _clock)),
            ("devices", () => DeviceList.Sign(alice.Account, null!, null, _clock)),
            ("time", () => DeviceList.Sign(alice.Account, [own], null, null!)),
            ("userId", () => list.Verify(null!, own.AccountKey, now)),
            ("accountKey", () => list.Verify("alice", null!, now)),
            ("userId", () => list.VerifyFirstContact(null!, now)),
            ("certificate", () => list.CheckListed(null!)),
            ("address", () => _ = new ExpectedPeer(null!, own.AccountKey)),
            ("accountKey", () => _ = new ExpectedPeer(own.Address, null!)),
            ("address", () => ExpectedPeer.FirstContact(null!)),
            ("account", () => recovery.Seal(null!, "alice")),
            ("userId", () => recovery.Seal(alice.Account, null!)),
            ("account", () => DeviceIdentity.Create(null!, own.Address, _clock)),
            ("address", () => DeviceIdentity.Create(alice.Account, null!, _clock)),
            ("time", () => DeviceIdentity.Create(alice.Account, own.Address, null!)),
            ("account", () => alice.Identity.Renew(null!, _clock)),
            ("time", () => alice.Identity.Renew(alice.Account, null!)),
            ("renewed", () => alice.Identity.TakeRenewed(null!)),
            ("other", () => own.IsSameDevice(null!)),
            ("account", () => Issue(null!, own.Address, own.IdentityKey, own.SigningKey, own.MlsKey)),
            ("address", () => Issue(alice.Account, null!, own.IdentityKey, own.SigningKey, own.MlsKey)),
            ("identityKey", () => Issue(alice.Account, own.Address, null!, own.SigningKey, own.MlsKey)),
            ("signingKey", () => Issue(alice.Account, own.Address, own.IdentityKey, null!, own.MlsKey)),
            ("mlsKey", () => Issue(alice.Account, own.Address, own.IdentityKey, own.SigningKey, null!)),
            ("address", () => LinkRequest.Create(null!, _clock)),
            ("time", () => LinkRequest.Create(own.Address, null!)),
            ("userId", () => LinkApproval.Read(request.Payload, null!, log, now)),
            ("answered", () => LinkApproval.Read(request.Payload, "alice", null!, now)),
            ("account", () => approval.Approve(null!, list, log, _clock)),
            ("devices", () => approval.Approve(alice.Account, null!, log, _clock)),
            ("answered", () => approval.Approve(alice.Account, list, null!, _clock)),
            ("time", () => approval.Approve(alice.Account, list, log, null!)),
            ("own", () => LinkKeyRequest.Create(null!, _clock)),
            ("time", () => LinkKeyRequest.Create(alice.Identity, null!)),
            ("devices", () => LinkKeyHandover.Read(keyRequest.ToArray(), null!, log, now)),
            ("answered", () => LinkKeyHandover.Read(keyRequest.ToArray(), list, null!, now)),
            ("account", () => handover.Seal(null!, list, log, now)),
            ("devices", () => handover.Seal(alice.Account, null!, log, now)),
            ("answered", () => handover.Seal(alice.Account, list, null!, now)),
        ];
        Assert.All(calls, call => Assert.Equal(call.Name, Assert.ThrowsAny<ArgumentException>(call.Call).ParamName));
        Assert.Throws<ArgumentException>(() => recovery.Seal(alice.Account, new string('u', DeviceAddress.MaxIdSize + 1)));
        Assert.Throws<ArgumentException>(() => list.CheckNotOlderThan(1, new byte[31]));
        Assert.Equal(0, log.Count);
    }
}
