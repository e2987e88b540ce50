using PulseMeet.E2E.Identity;
using PulseMeet.E2E.Relay;

namespace PulseMeet.E2E.Testing;

/// <summary>docs/protocol-relay.md, "Directory": device lists.</summary>
internal static class DeviceListChecks
{
    public static IReadOnlyList<ConformanceCheck<RelayUnderTest>> All { get; } =
    [
        new("The newest device list is given to everybody, and none for a user who is not known.", GivenAsync),
        new("A list's number only rises; the same list again is no error.", RisesAsync),
        new("Of lists that are published at once the greatest number stays.", AtOnceAsync),
        new("A list whose number is far ahead of the clock is refused, so that it locks nobody out.", AheadAsync),
        new("A list under another account key resets the account, and only where it names the caller.", ResetAsync),
        new("A list that is malformed, badly signed or another user's is refused.", HostileAsync),
        new("A device that the newest list leaves out is not known any more.", LeftOutAsync),
    ];

    private static async Task GivenAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone", "laptop").ConfigureAwait(false);
        IE2ERelay stranger = world.Connect(world.Name("stranger"), "phone");
        Expect.Same(bob.List!.Encode(), await stranger.GetDeviceListAsync(bob.UserId, cancellationToken).ConfigureAwait(false), "The list");
        Expect.That(await stranger.GetDeviceListAsync(world.Name("nobody"), cancellationToken).ConfigureAwait(false) is null, "A list of nobody.");
    }

    private static async Task RisesAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone").ConfigureAwait(false);
        DeviceList older = bob.List!;
        DeviceList newer = bob.Sign("phone", "laptop");
        await PublishAsync(newer).ConfigureAwait(false);
        await PublishAsync(newer).ConfigureAwait(false);
        await Expect.RefusedAsync(E2EError.OutdatedDeviceList, () => PublishAsync(older), "An older list").ConfigureAwait(false);
        DeviceList[] rivals = [bob.SignAside("phone", "tablet"), bob.SignAside("phone", "watch")];
        Expect.Equal(rivals[0].Number, rivals[1].Number, "The rivals' numbers");
        await PublishAsync(rivals[0]).ConfigureAwait(false);
        await Expect.RefusedAsync(E2EError.OutdatedDeviceList, () => PublishAsync(rivals[1]), "Another list with the same number").ConfigureAwait(false);
        Expect.Same(rivals[0].Encode(), await bob["phone"].Relay.GetDeviceListAsync(bob.UserId, cancellationToken).ConfigureAwait(false), "The list");

        Task PublishAsync(DeviceList list) => bob["phone"].Relay.PublishDeviceListAsync(list.Encode(), cancellationToken);
    }

    private static async Task AtOnceAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone").ConfigureAwait(false);
        byte[][] lists = [.. Enumerable.Range(0, 12).Select(_ => bob.Sign("phone").Encode())];
        await RelayWorld.AtOnceAsync(lists.Length, async index =>
        {
            try
            {
                await bob["phone"].Relay.PublishDeviceListAsync(lists[index], cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (E2EException exception) when (exception.Reason == E2EError.OutdatedDeviceList)
            {
                return false;
            }
        }).ConfigureAwait(false);
        Expect.Same(lists[^1], await bob["phone"].Relay.GetDeviceListAsync(bob.UserId, cancellationToken).ConfigureAwait(false), "The list");
    }

    private static async Task AheadAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone").ConfigureAwait(false);
        var ahead = new ManualClock(world.Clock.GetUtcNow() + RelayLimits.MaxClockLead);
        DeviceCertificate[] devices = [bob["phone"].Identity.Certificate];
        DeviceList fromAhead = DeviceList.Sign(bob.Account, devices, bob.List, ahead);
        DeviceList sinceAhead = DeviceList.Sign(bob.Account, devices, fromAhead, world.Clock);
        await Expect.RefusedAsync(
            E2EError.LimitExceeded,
            () => bob["phone"].Relay.PublishDeviceListAsync(sinceAhead.Encode(), cancellationToken),
            "A number that is a day and one ahead").ConfigureAwait(false);
        await bob.ListAsync("phone").ConfigureAwait(false);
    }

    private static async Task ResetAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone", "laptop").ConfigureAwait(false);
        RelayTestDevice alice = await world.DeviceAsync("alice").ConfigureAwait(false);
        await bob["phone"].Relay.PublishKeyPackagesAsync([new byte[] { 1 }], new byte[] { 2 }, cancellationToken).ConfigureAwait(false);
        await alice.DeliverAsync(bob["phone"], [3]).ConfigureAwait(false);
        IE2ERelay removed = bob["laptop"].Relay;
        bob.Reset();
        byte[] reset = bob.Sign("phone").Encode();
        await Expect.RefusedAsync(
            E2EError.NotAllowed, () => removed.PublishDeviceListAsync(reset, cancellationToken), "By a device that it does not name").ConfigureAwait(false);
        await bob["phone"].Relay.PublishDeviceListAsync(reset, cancellationToken).ConfigureAwait(false);
        ClaimedBundles claimed = await alice.Relay.ClaimKeyPackagesAsync(bob.UserId, cancellationToken).ConfigureAwait(false);
        Expect.Same(reset, claimed.DeviceList, "The list");
        Expect.Equal(0, claimed.Bundles.Count, "Key packages of the old account");
        Expect.Order([3], (await bob["phone"].LookAsync().ConfigureAwait(false)).Select(item => (int)item.Content.Span[0]), "The mailbox");
    }

    private static async Task HostileAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone").ConfigureAwait(false);
        RelayTestUser mallory = await world.UserAsync("mallory", "phone").ConfigureAwait(false);
        byte[] list = bob.Sign("phone").Encode();
        byte[] signature = [.. list];
        signature[^1] ^= 1;
        byte[] version = [.. list];
        version[0] = 99;
        await RefusedAsync(E2EError.InvalidSignature, signature, "A changed signature").ConfigureAwait(false);
        await RefusedAsync(E2EError.UnsupportedVersion, version, "Another version").ConfigureAwait(false);
        await RefusedAsync(E2EError.InvalidEncoding, list[..^1], "A cut list").ConfigureAwait(false);
        await RefusedAsync(E2EError.InvalidEncoding, [.. list, 0], "A longer list").ConfigureAwait(false);
        await RefusedAsync(E2EError.InvalidEncoding, [], "No bytes").ConfigureAwait(false);
        await RefusedAsync(E2EError.WrongIdentity, mallory.Sign("phone").Encode(), "Another user's").ConfigureAwait(false);
        await bob["phone"].Relay.PublishDeviceListAsync(list, cancellationToken).ConfigureAwait(false);

        Task RefusedAsync(E2EError reason, byte[] bytes, string what) =>
            Expect.RefusedAsync(reason, () => bob["phone"].Relay.PublishDeviceListAsync(bytes, cancellationToken), what);
    }

    private static async Task LeftOutAsync(RelayUnderTest subject, CancellationToken cancellationToken)
    {
        var world = new RelayWorld(subject, cancellationToken);
        RelayTestUser bob = await world.UserAsync("bob", "phone", "laptop").ConfigureAwait(false);
        await bob["laptop"].Relay.PublishKeyPackagesAsync([new byte[] { 1 }], new byte[] { 2 }, cancellationToken).ConfigureAwait(false);
        await bob.ListAsync("phone").ConfigureAwait(false);
        await Expect.RefusedAsync(
            E2EError.UnknownDevice,
            () => bob["laptop"].Relay.PublishKeyPackagesAsync([new byte[] { 3 }], ReadOnlyMemory<byte>.Empty, cancellationToken),
            "Publishing").ConfigureAwait(false);
        await Expect.RefusedAsync(
            E2EError.UnknownDevice, () => bob["laptop"].Relay.GetPreKeyStatusAsync(cancellationToken), "The status").ConfigureAwait(false);
        await bob.ListAsync("phone", "laptop").ConfigureAwait(false);
        PreKeyStatus status = await bob["laptop"].Relay.GetPreKeyStatusAsync(cancellationToken).ConfigureAwait(false);
        Expect.Equal(0, status.KeyPackages, "Key packages when it is back");
        Expect.Equal(
            0, (await bob["phone"].Relay.ClaimKeyPackagesAsync(bob.UserId, cancellationToken).ConfigureAwait(false)).Bundles.Count, "Key packages claimed");
    }
}
